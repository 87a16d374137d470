#include "index/partitioned.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/checksum.hpp"
#include "core/error.hpp"
#include "index/definition.hpp"
#include "index/look.hpp"
#include "pg/identifier.hpp"

namespace scalectl::index {
namespace {

using core::Error;
using core::ErrorKind;

/// The whole, a partition, or a partitioned table between them.
struct Branch {
  std::int64_t oid = 0;  ///< of the table
  std::string table;     ///< quoted and qualified, as all of these
  std::string index;
  std::string parent_index;  ///< empty for the whole
  std::string index_name;    ///< not quoted
  bool leaf = false;
  bool built = false;  ///< an index of that name is on the table
  bool valid = false;
  bool ours = false;      ///< it carries our comment
  bool attached = false;  ///< and is part of the parent's index
};

/// What the index is called on the partition `partition` of `whole`: both names, cut to what
/// PostgreSQL keeps. A name that is cut ends in a digest of all of it.
std::string name_on(const std::string& index, const std::string& whole,
                    const std::string& partition) {
  const bool begins_alike = partition.rfind(whole + "_", 0) == 0;
  const std::string name =
      index + (begins_alike ? partition.substr(whole.size()) : "_" + partition);
  if (name.size() <= pg::kMaxIdentifierBytes) return name;
  const std::string digest = "_" + catalog::sha256(name).substr(0, 8);
  std::size_t length = pg::kMaxIdentifierBytes - digest.size();
  while ((static_cast<unsigned char>(name[length]) & 0xC0) == 0x80) --length;  // UTF-8
  return name.substr(0, length) + digest;
}

/// From above to below.
template <typename Connection>
std::vector<Branch> branches(Connection& connection, const IndexDefinition& index,
                             const pg::Relation& table) {
  const pg::Rows rows = connection.query(
      "SELECT c.oid, n.nspname, c.relname, t.isleaf, p.relname AS parent, pn.nspname AS "
      "parent_schema"
      "  FROM pg_partition_tree($1::oid::regclass) t"
      "  JOIN pg_class c ON c.oid = t.relid JOIN pg_namespace n ON n.oid = c.relnamespace"
      "  LEFT JOIN pg_class p ON p.oid = t.parentrelid AND t.level > 0"
      "  LEFT JOIN pg_namespace pn ON pn.oid = p.relnamespace ORDER BY t.level, c.relname",
      {std::to_string(table.oid)});
  const auto index_of = [&](const std::string& relation) {
    return relation == table.name ? index.name : name_on(index.name, table.name, relation);
  };
  const auto qualified = [](const std::string& schema, const std::string& name) {
    return pg::quote_identifier(schema) + "." + pg::quote_identifier(name);
  };
  std::vector<Branch> list;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::string schema = rows.text(i, "nspname");
    const std::string name = rows.text(i, "relname");
    Branch branch{.oid = rows.integer(i, "oid"),
                  .table = qualified(schema, name),
                  .index = qualified(schema, index_of(name)),
                  .index_name = index_of(name),
                  .leaf = rows.boolean(i, "isleaf")};
    if (const auto parent = rows.at(i, "parent")) {
      branch.parent_index = qualified(rows.text(i, "parent_schema"), index_of(*parent));
    }
    const pg::Rows built = connection.query(
        "SELECT c.relispartition, i.indisvalid,"
        "       coalesce(starts_with(obj_description(c.oid, 'pg_class'), $3), false) AS ours"
        "  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
        " WHERE i.indexrelid = to_regclass($1) AND i.indrelid = to_regclass($2)",
        {branch.index, branch.table, kCommentPrefix});
    branch.built = !built.empty();
    branch.valid = branch.built && built.boolean(0, "indisvalid");
    branch.ours = branch.built && built.boolean(0, "ours");
    branch.attached = branch.built && built.boolean(0, "relispartition");
    list.push_back(std::move(branch));
  }
  return list;
}

/// The pack's CREATE INDEX for one branch, `how` being CONCURRENTLY or nothing.
std::string create_on(const IndexDefinition& index, const Branch& branch, const std::string& how) {
  return create_sql(index, branch.index_name, (branch.leaf ? "" : "ONLY ") + branch.table, how);
}

/// Makes the frames and attaches what was built to them. A partition that was made meanwhile, which
/// nobody has filled yet, gets its index here.
void join_up(pg::Transaction& tx, const IndexDefinition& index, const pg::Relation& table) {
  for (const Branch& branch : branches(tx, index, table)) {
    if (!branch.leaf) tx.query(create_on(index, branch, ""));
  }
  for (const Branch& branch : branches(tx, index, table)) {
    if (branch.leaf && !branch.built) tx.query(create_on(index, branch, ""));
    if (!branch.parent_index.empty()) {
      tx.query(
          fmt::format("ALTER INDEX {} ATTACH PARTITION {}", branch.parent_index, branch.index));
    }
  }
}

/// What an unfinished build has left.
std::vector<Branch> find_leftovers(pg::Session& session, const IndexDefinition& index,
                                   const pg::Relation& table) {
  std::vector<Branch> list = branches(session, index, table);
  std::erase_if(list, [](const Branch& b) { return !b.leaf || !b.built || b.attached; });
  return list;
}

}  // namespace

Leftovers leftovers_of(pg::Session& session, const IndexDefinition& index,
                       const pg::Relation& table) {
  const std::vector<Branch> left = find_leftovers(session, index, table);
  if (left.empty()) return Leftovers::kNone;
  const bool ours = std::all_of(left.begin(), left.end(), [](const Branch& b) { return b.ours; });
  return ours ? Leftovers::kOurs : Leftovers::kForeign;
}

void build_partitioned(pg::Session& session, const IndexDefinition& index,
                       const pg::Relation& table, const std::string& comment, Builder& builder) {
  try {
    for (const Branch& branch : branches(session, index, table)) {
      if (session.stop().stop_requested()) throw Error(ErrorKind::kInterrupted, "interrupted");
      // What a killed build has finished is used.
      if (!branch.leaf || branch.valid) continue;
      if (branch.built) builder.drop(branch.index);
      builder.create(create_on(index, branch, "CONCURRENTLY"), branch.oid, branch.index, comment);
    }
    builder.in_short_locks("joining up index " + branches(session, index, table).front().index,
                           table.oid, Builder::Against::kWriters,
                           [&](pg::Transaction& tx) { join_up(tx, index, table); });
  } catch (const Error& error) {
    std::string left;
    int dropped = 0;
    for (const Branch& branch : find_leftovers(session, index, table)) {
      if (builder.try_drop(branch.index)) {
        ++dropped;
      } else {
        left = "; indexes of some partitions are left behind, which the next apply uses";
      }
    }
    if (dropped > 0)
      left = fmt::format("; the {} partitions' indexes of it were dropped", dropped) + left;
    throw Error(error.kind(), error.message() + left, error.hint());
  }
}

void drop_partitioned(pg::Session& session, const IndexDefinition& index, const pg::Relation& table,
                      Builder& builder) {
  const std::vector<Branch> all = branches(session, index, table);
  if (!all.empty() && all.front().built) {
    builder.in_short_locks("dropping " + all.front().index, table.oid, Builder::Against::kEverybody,
                           [&](pg::Transaction& tx) {
                             tx.query("DROP INDEX " + all.front().index);  // and its parts with it
                           });
  }
  for (const Branch& branch : find_leftovers(session, index, table)) builder.drop(branch.index);
}

}  // namespace scalectl::index
