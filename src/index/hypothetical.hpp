// Hypothetical indexes: what the planner would do with an index that does not exist, by the
// extension hypopg. They live in the session only and touch nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "index/look.hpp"
#include "pg/session.hpp"

namespace scalectl::index {

/// The quoted schema that an extension's functions and views are in; nothing where it is not in
/// this database, or the role may not use that schema.
std::optional<std::string> schema_of_extension(pg::Session& session, const std::string& name);

/// An index that only this session's EXPLAIN sees; gone at the end of its life.
class Hypothetical {
 public:
  /// `create` is a CREATE INDEX. Throws Error for what hypopg cannot do, or where it is not there.
  Hypothetical(pg::Session& session, const std::string& create);
  ~Hypothetical();
  Hypothetical(Hypothetical&& other) noexcept;
  Hypothetical& operator=(Hypothetical&&) = delete;
  Hypothetical(const Hypothetical&) = delete;

  /// What EXPLAIN calls it.
  const std::string& name() const { return name_; }
  std::int64_t bytes() const;

 private:
  pg::Session* session_;
  std::string schema_;
  std::string oid_;
  std::string name_;
};

/// The plan that `sql` would have, were index `oid` not there; nothing where hypopg cannot hide
/// indexes (before 1.4). Hiding goes for EXPLAIN without ANALYZE only: what the plan would take, it
/// cannot say.
std::optional<core::Value> plan_without(pg::Session& session, std::int64_t oid,
                                        const std::string& sql, const pg::Params& params);

/// Why the planner would not use the index for its own query, were it there; "" where it would, or
/// nobody can tell.
std::string useless(pg::Session& session, const Item& item, const pg::Naming& naming);

}  // namespace scalectl::index
