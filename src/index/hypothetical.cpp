#include "index/hypothetical.hpp"

#include <fmt/format.h>

#include <utility>

#include "core/error.hpp"
#include "index/explain.hpp"
#include "index/probe.hpp"

namespace scalectl::index {

bool has_hypopg(pg::Session& session) {
  return session
      .query(
          "SELECT to_regprocedure('hypopg_create_index(text)') IS NOT NULL"
          "   AND has_function_privilege(to_regprocedure('hypopg_create_index(text)'), 'EXECUTE')"
          "       AS there")
      .boolean(0, "there");
}

Hypothetical::Hypothetical(pg::Session& session, const std::string& create) : session_(&session) {
  const pg::Rows rows =
      session.query("SELECT indexrelid, indexname FROM hypopg_create_index($1)", {create});
  oid_ = rows.text(0, "indexrelid");
  name_ = rows.text(0, "indexname");
}

Hypothetical::Hypothetical(Hypothetical&& other) noexcept
    : session_(std::exchange(other.session_, nullptr)),
      oid_(std::move(other.oid_)),
      name_(std::move(other.name_)) {}

Hypothetical::~Hypothetical() {
  if (session_ == nullptr) return;
  try {
    session_->query("SELECT hypopg_drop_index($1)", {oid_});
  } catch (const core::Error&) {  // it ends with the session
  }
}

std::int64_t Hypothetical::bytes() const {
  return session_->query("SELECT hypopg_relation_size($1) AS bytes", {oid_}).integer(0, "bytes");
}

std::string useless(pg::Session& session, const Item& item, const pg::Naming& naming) {
  if (item.found || item.table.partitioned || !has_hypopg(session)) return "";
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
