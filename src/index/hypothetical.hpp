// Hypothetical indexes: what the planner would do with an index that does not exist, by the
// extension hypopg. They live in the session only and touch nothing.
#pragma once

#include <cstdint>
#include <string>

#include "index/look.hpp"
#include "pg/session.hpp"

namespace scalectl::index {

/// True where the extension is installed in this database and can be used.
bool has_hypopg(pg::Session& session);

/// An index that only this session's EXPLAIN sees; gone at the end of its life.
class Hypothetical {
 public:
  /// `create` is a CREATE INDEX. Throws Error for what hypopg cannot do.
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
  std::string oid_;
  std::string name_;
};

/// Why the planner would not use the index for its own query, were it there; "" where it would, or
/// nobody can tell.
std::string useless(pg::Session& session, const Item& item, const pg::Naming& naming);

}  // namespace scalectl::index
