// Statements: a tick's SQL with the names of the tables and the values of one run.
#pragma once

#include <map>
#include <string>

#include "catalog/sql_text.hpp"
#include "core/value.hpp"
#include "pg/session.hpp"
#include "tick/definition.hpp"
#include "tick/options.hpp"

namespace scalectl::tick {

/// Values by :variable, in the server's form.
using Values = std::map<std::string, pg::Param>;

class Statements {
 public:
  /// Keeps references to both. Throws Error (usage) for parameters that the tick does not have, or
  /// cannot read.
  Statements(const Definition& tick, const Options& options);

  const Definition& tick() const { return tick_; }

  /// `sql` with quoted tables and typed placeholders.
  catalog::BoundSql bind(const catalog::SqlText& sql) const;
  /// What `bound` takes: from `more` where it is there, else from the tick's parameters.
  pg::Params params(const catalog::BoundSql& bound, const Values& more = {}) const;
  /// The value of parameter `variable`; nullptr where the tick has none of that name.
  const pg::Param* find(const std::string& variable) const;
  /// The parameters as typed values, with their units in the keys.
  core::Object described() const;

 private:
  const Definition& tick_;
  const Options& options_;
  Values values_;
};

}  // namespace scalectl::tick
