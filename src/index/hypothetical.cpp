#include "index/hypothetical.hpp"

#include <fmt/format.h>

#include <utility>

#include "core/error.hpp"
#include "index/explain.hpp"
#include "index/probe.hpp"

namespace scalectl::index {

std::optional<std::string> schema_of_extension(pg::Session& session, const std::string& name) {
  const pg::Rows rows = session.query(
      "SELECT quote_ident(n.nspname) AS place FROM pg_extension e"
      "  JOIN pg_namespace n ON n.oid = e.extnamespace"
      " WHERE e.extname = $1 AND has_schema_privilege(n.oid, 'USAGE')",
      {name});
  if (rows.empty()) return std::nullopt;
  return rows.text(0, "place");
}

Hypothetical::Hypothetical(pg::Session& session, const std::string& create)
    : session_(&session), schema_(schema_of_extension(session, "hypopg").value_or("public")) {
  const pg::Rows rows = session.query(
      fmt::format("SELECT indexrelid, indexname FROM {}.hypopg_create_index($1)", schema_),
      {create});
  oid_ = rows.text(0, "indexrelid");
  name_ = rows.text(0, "indexname");
}

Hypothetical::Hypothetical(Hypothetical&& other) noexcept
    : session_(std::exchange(other.session_, nullptr)),
      schema_(std::move(other.schema_)),
      oid_(std::move(other.oid_)),
      name_(std::move(other.name_)) {}

Hypothetical::~Hypothetical() {
  if (session_ == nullptr) return;
  try {
    session_->query(fmt::format("SELECT {}.hypopg_drop_index($1)", schema_), {oid_});
  } catch (const core::Error&) {  // it ends with the session
  }
}

std::int64_t Hypothetical::bytes() const {
  return session_
      ->query(fmt::format("SELECT {}.hypopg_relation_size($1) AS bytes", schema_), {oid_})
      .integer(0, "bytes");
}

std::optional<core::Value> plan_without(pg::Session& session, std::int64_t oid,
                                        const std::string& sql, const pg::Params& params) {
  const auto schema = schema_of_extension(session, "hypopg");
  if (!schema) return std::nullopt;
  const std::string hide = *schema + ".hypopg_hide_index(oid)";
  if (session.query("SELECT to_regprocedure($1) IS NULL AS missing", {hide})
          .boolean(0, "missing")) {
    return std::nullopt;
  }
  std::optional<core::Value> plan;
  session.query(fmt::format("SELECT {}.hypopg_hide_index($1)", *schema), {std::to_string(oid)});
  {
    pg::Transaction tx = session.begin();  // rolled back
    plan = explain(tx, "", sql, params);
  }
  session.query(fmt::format("SELECT {}.hypopg_unhide_index($1)", *schema), {std::to_string(oid)});
  return plan;
}

std::string useless(pg::Session& session, const Item& item, const pg::Naming& naming) {
  if (item.found || item.table.partitioned || !schema_of_extension(session, "hypopg")) return "";
  // How few rows a predicate leaves is known only once the index is there: hypopg's guess says
  // nothing.
  if (!take_apart(item.form).predicate.empty()) return "";
  try {
    const Probe probe(session, *item.definition, naming);
    if (probe.samples().empty()) return "";
    const Hypothetical index(
        session, create_sql(*item.definition, item.definition->name, item.quoted_table(), ""));
    pg::Transaction tx = session.begin();  // rolled back
    const core::Value plan = explain(tx, "", probe.sql(), probe.samples().front());
    if (node_using(plan, {index.name()}) != nullptr) return "";
    return fmt::format("the planner would not use it: {}",
                       describe(node_reading(plan, item.table.name)));
  } catch (const core::Error&) {  // hypopg knows no GIN, say
    return "";
  }
}

}  // namespace scalectl::index
