#include "index/definition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

#include "core/error.hpp"
#include "index/grants.hpp"

namespace scalectl::index {

const char* const kForm =
    "CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END ||"
    " substr(pg_get_indexdef(i.indexrelid), 1 + length(format('CREATE %sINDEX %I ON %s%I.%I USING "
    "',"
    "        CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END, c.relname,"
    "        CASE WHEN c.relkind = 'I' THEN 'ONLY ' ELSE '' END, tn.nspname, t.relname)))";

std::string create_sql(const IndexDefinition& index, const std::string& name,
                       const std::string& table, const std::string& how) {
  const std::string sql = index.create.bind([&](const std::string&) { return table; }, {}).sql;
  static const std::regex kHead(R"(^CREATE\s+(UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+\S+\s+ON\s+)",
                                std::regex::icase);
  std::smatch head;
  std::regex_search(sql, head, kHead);  // index::parse() has checked that it is there
  return fmt::format("CREATE {}INDEX {}{}{} ON {}", head[1].str(), how, how.empty() ? "" : " ",
                     pg::quote_identifier(name), head.suffix().str());
}

Shape take_apart(const std::string& form) {
  Shape shape;
  constexpr std::string_view kUnique = "UNIQUE ";
  std::string_view left = form;
  shape.unique = left.substr(0, kUnique.size()) == kUnique;
  if (shape.unique) left.remove_prefix(kUnique.size());
  const auto open = left.find(" (");
  if (open == std::string_view::npos) return shape;
  shape.method = left.substr(0, open);
  // The parenthesis that closes the keys, whatever strings and quoted names are in between.
  int depth = 0;
  char quote = 0;
  std::size_t at = open + 1;
  for (; at < left.size(); ++at) {
    const char c = left[at];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '(') {
      ++depth;
    } else if (c == ')' && --depth == 0) {
      break;
    }
  }
  shape.keys = left.substr(open + 2, at - open - 2);
  left.remove_prefix(std::min(at + 1, left.size()));
  const auto where = left.find(" WHERE ");
  shape.rest = left.substr(0, where);
  if (where != std::string_view::npos) shape.predicate = left.substr(where + 7);
  return shape;
}

std::string comparable(const std::string& form) {
  static const std::regex kIsTrue(R"(\((\w+) = true\))");
  static const std::regex kIsFalse(R"(\((\w+) = false\))");
  return std::regex_replace(std::regex_replace(form, kIsTrue, "$1"), kIsFalse, "(NOT $1)");
}

Overlap overlap(const std::string& form, const std::string& other) {
  const Shape mine = take_apart(comparable(form));
  const Shape theirs = take_apart(comparable(other));
  if (mine.method != theirs.method || mine.predicate != theirs.predicate) return Overlap::kNone;
  if (mine.unique && !theirs.unique) return Overlap::kNone;
  if (mine.keys == theirs.keys && mine.rest == theirs.rest) return Overlap::kDuplicate;
  const bool begins_with = theirs.keys.rfind(mine.keys + ", ", 0) == 0;
  const bool bare = mine.rest.empty() && !mine.unique && mine.method == "btree";
  return bare && (begins_with || mine.keys == theirs.keys) ? Overlap::kCovered : Overlap::kNone;
}

std::map<std::string, std::string> forms_on(pg::Session& session, const std::string& table) {
  const pg::Rows rows = session.query(
      fmt::format("SELECT c.relname, {} AS form FROM pg_index i"
                  "  JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid"
                  "  JOIN pg_namespace tn ON tn.oid = t.relnamespace"
                  " WHERE i.indrelid = to_regclass($1) AND i.indisvalid",
                  kForm),
      {table});
  std::map<std::string, std::string> forms;
  for (std::size_t i = 0; i < rows.size(); ++i)
    forms[rows.text(i, "relname")] = rows.text(i, "form");
  return forms;
}

Forms forms_of(pg::Session& session, const Pack& pack, const pg::Naming& naming, bool throws) {
  Forms result;
  result.unknown_because = why_no_temporary_tables(session);
  std::vector<std::string> tables;
  for (const IndexDefinition& index : pack.indexes) {
    tables.push_back(naming.table(index.table));
    if (result.unknown_because.empty()) {
      result.unknown_because = missing_select(session, tables.back());
    }
  }
  if (!result.unknown_because.empty()) return result;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    pg::Transaction tx = session.begin();  // rolled back
    const IndexDefinition& index = pack.indexes[i];
    const std::string shape = fmt::format("scalectl_shape_{}", i);
    tx.query(fmt::format("CREATE TEMP TABLE {} (LIKE {})", shape, tables[i]));
    try {
      tx.query(create_sql(index, index.name, "pg_temp." + shape, ""));
    } catch (const core::Error& error) {
      const core::Error misfit = error.within(fmt::format(
          "index {} of pack {} does not fit table {}", index.name, pack.name, tables[i]));
      if (throws || error.kind() != core::ErrorKind::kUsage) throw misfit;
      result.forms.emplace_back();
      result.misfits.push_back(misfit.message());
      continue;
    }
    const pg::Rows rows = tx.query(
        "SELECT CASE WHEN indisunique THEN 'UNIQUE ' ELSE '' END ||"
        "       regexp_replace(pg_get_indexdef(indexrelid),"
        "                      '^CREATE (UNIQUE )?INDEX \\w+ ON \\S+ USING ', '') AS form"
        "  FROM pg_index WHERE indrelid = $1::regclass",
        {"pg_temp." + shape});
    result.forms.push_back(rows.text(0, "form"));
    result.misfits.emplace_back();
  }
  return result;
}

}  // namespace scalectl::index
