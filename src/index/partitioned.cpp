#include "index/partitioned.hpp"

#include <fmt/format.h>

#include <regex>
#include <set>

#include "catalog/checksum.hpp"
#include "core/error.hpp"
#include "pg/identifier.hpp"

namespace scalectl::index {
namespace {

using core::Error;
using core::ErrorKind;

/// The whole waits for its writers only as long as those who queue behind it may be made to wait.
constexpr const char* kLockTimeout = "SET LOCAL lock_timeout = '3s'";

/// The whole, a partition, or a partitioned table between them.
struct Branch {
  std::string table;  ///< quoted and qualified, as all of these
  std::string index;
  std::string parent_index;  ///< empty for the whole
  std::string index_name;    ///< not quoted
  bool leaf = false;
  bool built = false;     ///< an index of that name is on the table
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
      "SELECT n.nspname, c.relname, t.isleaf, p.relname AS parent, pn.nspname AS parent_schema"
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
    Branch branch{.table = qualified(schema, name),
                  .index = qualified(schema, index_of(name)),
                  .index_name = index_of(name),
                  .leaf = rows.boolean(i, "isleaf")};
    if (const auto parent = rows.at(i, "parent")) {
      branch.parent_index = qualified(rows.text(i, "parent_schema"), index_of(*parent));
    }
    const pg::Rows built = connection.query(
        "SELECT c.relispartition FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
        " WHERE i.indexrelid = to_regclass($1) AND i.indrelid = to_regclass($2)",
        {branch.index, branch.table});
    branch.built = !built.empty();
    branch.attached = branch.built && built.boolean(0, "relispartition");
    list.push_back(std::move(branch));
  }
  return list;
}

/// The pack's CREATE INDEX for one branch, `how` being CONCURRENTLY or nothing.
std::string create_sql(const IndexDefinition& index, const Branch& branch, const std::string& how) {
  const std::string sql =
      index.create.bind([&](const std::string&) { return branch.table; }, {}).sql;
  static const std::regex kHead(R"(^CREATE\s+(UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+\S+\s+ON\s+)",
                                std::regex::icase);
  std::smatch head;
  std::regex_search(sql, head, kHead);  // index::parse() has checked that it is there
  return fmt::format("CREATE {}INDEX {} {} ON {}{}", head[1].str(), how,
                     pg::quote_identifier(branch.index_name), branch.leaf ? "" : "ONLY ",
                     head.suffix().str());
}

/// Makes the frames and attaches what was built to them. A partition that was made meanwhile, which
/// nobody has filled yet, gets its index here.
void join_up(pg::Session& session, const IndexDefinition& index, const pg::Relation& table) {
  pg::Transaction tx = session.begin();
  tx.query(kLockTimeout);
  for (const Branch& branch : branches(tx, index, table)) {
    if (!branch.leaf) tx.query(create_sql(index, branch, ""));
  }
  for (const Branch& branch : branches(tx, index, table)) {
    if (branch.leaf && !branch.built) tx.query(create_sql(index, branch, ""));
    if (!branch.parent_index.empty()) {
      tx.query(
          fmt::format("ALTER INDEX {} ATTACH PARTITION {}", branch.parent_index, branch.index));
    }
  }
  tx.commit();
}

/// Drops what an unfinished build has left; how many they were.
int drop_leftovers(pg::Session& session, const IndexDefinition& index, const pg::Relation& table) {
  int dropped = 0;
  for (const Branch& branch : branches(session, index, table)) {
    if (!branch.leaf || !branch.built || branch.attached) continue;
    session.query("DROP INDEX CONCURRENTLY " + branch.index);
    ++dropped;
  }
  return dropped;
}

}  // namespace

bool has_leftovers(pg::Session& session, const IndexDefinition& index, const pg::Relation& table) {
  for (const Branch& branch : branches(session, index, table)) {
    if (branch.leaf && branch.built && !branch.attached) return true;
  }
  return false;
}

void build_partitioned(pg::Session& session, const IndexDefinition& index,
                       const pg::Relation& table) {
  try {
    for (const Branch& branch : branches(session, index, table)) {
      if (session.stop().stop_requested()) throw Error(ErrorKind::kInterrupted, "interrupted");
      if (branch.leaf) session.query(create_sql(index, branch, "CONCURRENTLY"));
    }
    join_up(session, index, table);
  } catch (const Error& error) {
    std::string left;
    try {
      // has_leftovers() was false before, so that they are ours.
      const int dropped = drop_leftovers(session, index, table);
      if (dropped > 0)
        left = fmt::format("; the {} partitions' indexes of it were dropped", dropped);
    } catch (const Error&) {
      left = "; indexes of some partitions may be left behind";
    }
    throw Error(error.kind(), error.message() + left, error.hint());
  }
}

void drop_partitioned(pg::Session& session, const IndexDefinition& index,
                      const pg::Relation& table) {
  const std::vector<Branch> all = branches(session, index, table);
  if (!all.empty() && all.front().built) {
    pg::Transaction tx = session.begin();
    tx.query(kLockTimeout);
    tx.query("DROP INDEX " + all.front().index);  // those of the partitions go with it
    tx.commit();
  }
  drop_leftovers(session, index, table);
}

}  // namespace scalectl::index
