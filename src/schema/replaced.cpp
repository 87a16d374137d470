#include "schema/replaced.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"

namespace scalectl::schema {
namespace {

/// The views and functions that read the tables $1, whether directly or not, and how far away.
constexpr const char* kReaders =
    "WITH RECURSIVE reads AS ("
    "  SELECT 'pg_class'::regclass::oid AS class, unnest($1::oid[]) AS oid, 0 AS depth"
    "  UNION"
    "  SELECT CASE WHEN v.ev_class IS NULL THEN d.classid ELSE 'pg_class'::regclass::oid END,"
    "         coalesce(v.ev_class, d.objid), r.depth + 1"
    "    FROM reads r JOIN pg_depend d ON d.refclassid = r.class AND d.refobjid = r.oid"
    "    LEFT JOIN pg_rewrite v ON d.classid = 'pg_rewrite'::regclass AND v.oid = d.objid"
    "   WHERE d.classid = 'pg_proc'::regclass OR v.ev_class <> r.oid"
    "), readers AS (SELECT class, oid, max(depth) AS depth FROM reads WHERE depth > 0 GROUP BY 1, "
    "2)";

/// GRANTs that say what the access list `acl` says, on `object` ("TABLE x").
std::string grants(const std::string& acl, const std::string& object) {
  return fmt::format(
      "SELECT format('GRANT %s ON %s TO %s%s', a.privilege_type, {1},"
      "              CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE "
      "quote_ident(pg_get_userbyid(a.grantee)) END,"
      "              CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) AS statement"
      "  FROM aclexplode({0}) AS a",
      acl, object);
}

std::string oids_of(pg::Transaction& tx, const std::vector<std::string>& tables) {
  std::vector<std::string> oids;
  for (const std::string& table : tables) {
    oids.push_back(tx.query("SELECT $1::regclass::oid::text AS oid", {table}).text(0, "oid"));
  }
  return "{" + core::join(oids, ",") + "}";
}

}  // namespace

Replaced::Replaced(pg::Transaction& tx, const std::vector<std::string>& tables) {
  if (tables.empty()) return;
  const std::string list = core::join(tables, ", ");
  tx.query("LOCK TABLE " + list + " IN ACCESS EXCLUSIVE MODE");
  const std::string oids = oids_of(tx, tables);
  refuse_what_would_be_lost(tx, oids);
  remember_tables(tx, oids);
  remember_unique_indexes(tx, oids);
  release_sequences(tx, oids);
  take_off_readers(tx, oids);
}

void Replaced::refuse_what_would_be_lost(pg::Transaction& tx, const std::string& oids) const {
  const pg::Rows rows = tx.query(
      std::string(kReaders) +
          ", concerned AS (SELECT unnest($1::oid[]) AS oid"
          "                UNION SELECT oid FROM readers WHERE class = 'pg_class'::regclass)"
          " SELECT format('trigger %I of %s', t.tgname, t.tgrelid::regclass) AS what"
          "   FROM concerned c JOIN pg_trigger t ON t.tgrelid = c.oid WHERE NOT t.tgisinternal"
          " UNION ALL SELECT format('policy %I of %s', p.polname, p.polrelid::regclass)"
          "   FROM concerned c JOIN pg_policy p ON p.polrelid = c.oid"
          " UNION ALL SELECT format('rule %I of %s', r.rulename, r.ev_class::regclass)"
          "   FROM concerned c JOIN pg_rewrite r ON r.ev_class = c.oid AND r.rulename <> '_RETURN'"
          " UNION ALL SELECT format('publication %I of %s', p.pubname, r.prrelid::regclass)"
          "   FROM concerned c JOIN pg_publication_rel r ON r.prrelid = c.oid"
          "   JOIN pg_publication p ON p.oid = r.prpubid"
          " UNION ALL SELECT format('statistics %I of %s', s.stxname, s.stxrelid::regclass)"
          "   FROM concerned c JOIN pg_statistic_ext s ON s.stxrelid = c.oid"
          " UNION ALL SELECT format('materialized view %s', v.oid::regclass)"
          "   FROM concerned c JOIN pg_class v ON v.oid = c.oid AND v.relkind = 'm'"
          " ORDER BY what",
      {oids});
  if (rows.empty()) return;
  std::vector<std::string> lost;
  for (std::size_t i = 0; i < rows.size(); ++i) lost.push_back(rows.text(i, "what"));
  throw core::usage_error("the tables are made anew, which would lose: " + core::join(lost, ", "),
                          "drop that first, and make it again afterwards");
}

void Replaced::remember_tables(pg::Transaction& tx, const std::string& oids) {
  remember(
      tx.query("SELECT format('ALTER TABLE %s OWNER TO %I', oid::regclass,"
               "              pg_get_userbyid(relowner)) AS statement"
               "  FROM pg_class WHERE oid = ANY ($1::oid[]) ORDER BY oid",
               {oids}));
  remember(tx.query("SELECT g.statement FROM pg_class c CROSS JOIN LATERAL (" +
                        grants("c.relacl", "c.oid::regclass") +
                        ") g WHERE c.oid = ANY ($1::oid[]) ORDER BY c.oid, g.statement",
                    {oids}));
  remember(tx.query(
      "SELECT format('GRANT %s (%I) ON %s TO %s%s', a.privilege_type, t.attname, "
      "t.attrelid::regclass,"
      "              CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE "
      "quote_ident(pg_get_userbyid(a.grantee)) END,"
      "              CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) AS statement"
      "  FROM pg_attribute t, aclexplode(t.attacl) AS a WHERE t.attrelid = ANY ($1::oid[])"
      " ORDER BY 1",
      {oids}));
  remember(
      tx.query("SELECT pg_get_indexdef(i.indexrelid) AS statement FROM pg_index i"
               " WHERE i.indrelid = ANY ($1::oid[]) AND NOT i.indisunique AND i.indisvalid"
               " ORDER BY i.indexrelid",
               {oids}));
  remember(
      tx.query("SELECT format('COMMENT ON INDEX %s IS %L', i.indexrelid::regclass, d.description)"
               "       AS statement"
               "  FROM pg_index i JOIN pg_description d ON d.objoid = i.indexrelid"
               "   AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0"
               " WHERE i.indrelid = ANY ($1::oid[]) AND NOT i.indisunique AND i.indisvalid"
               " ORDER BY i.indexrelid",
               {oids}));
}

void Replaced::remember_unique_indexes(pg::Transaction& tx, const std::string& oids) {
  const pg::Rows rows = tx.query(
      "SELECT i.indexrelid::regclass::text AS name, i.indrelid::regclass::text AS on_table,"
      "       regexp_replace(regexp_replace(pg_get_indexdef(i.indexrelid), '^.* USING ', ''),"
      "                      '[(](\\w+) = true[)]', '\\1', 'g') AS columns"
      "  FROM pg_index i WHERE i.indrelid = ANY ($1::oid[]) AND i.indisunique ORDER BY "
      "i.indexrelid",
      {oids});
  for (std::size_t i = 0; i < rows.size(); ++i) {
    unique_.push_back({.name = rows.text(i, "name"),
                       .table = rows.text(i, "on_table"),
                       .columns = rows.text(i, "columns")});
  }
}

void Replaced::release_sequences(pg::Transaction& tx, const std::string& oids) {
  const pg::Rows rows = tx.query(
      "SELECT s.oid::regclass::text AS name, format('%s.%I', a.attrelid::regclass, a.attname) AS "
      "column"
      "  FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'"
      "  JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid"
      " WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass"
      "   AND d.deptype = 'a' AND d.refobjid = ANY ($1::oid[]) ORDER BY s.oid",
      {oids});
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::string sequence = "ALTER SEQUENCE " + rows.text(i, "name") + " OWNED BY ";
    tx.query(sequence + "NONE");
    statements_.push_back(sequence + rows.text(i, "column"));
  }
}

void Replaced::take_off_readers(pg::Transaction& tx, const std::string& oids) {
  const pg::Rows rows = tx.query(
      std::string(kReaders) +
          " SELECT CASE WHEN p.oid IS NULL THEN 'VIEW' ELSE 'FUNCTION' END AS kind, r.oid::text AS "
          "oid,"
          "        coalesce(p.oid::regprocedure::text, c.oid::regclass::text) AS name,"
          "        coalesce(pg_get_functiondef(p.oid),"
          "                 format('CREATE VIEW %s%s AS %s', c.oid::regclass,"
          "                        ' WITH (' || array_to_string(c.reloptions, ', ') || ')',"
          "                        pg_get_viewdef(c.oid))) AS statement,"
          "        pg_get_userbyid(coalesce(p.proowner, c.relowner)) AS owner,"
          "        p.proacl IS NOT NULL AS limited"
          "   FROM readers r"
          "   LEFT JOIN pg_proc p ON r.class = 'pg_proc'::regclass AND p.oid = r.oid"
          "   LEFT JOIN pg_class c ON r.class = 'pg_class'::regclass AND c.oid = r.oid"
          "  ORDER BY r.depth, r.oid",
      {oids});
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::string kind = rows.text(i, "kind");
    const std::string what = kind + " " + rows.text(i, "name");
    statements_.push_back(rows.text(i, "statement"));
    statements_.push_back(fmt::format(
        "ALTER {} OWNER TO {}", what,
        tx.query("SELECT quote_ident($1) AS name", {rows.text(i, "owner")}).text(0, "name")));
    if (rows.boolean(i, "limited")) statements_.push_back("REVOKE ALL ON " + what + " FROM PUBLIC");
    const bool view = kind == "VIEW";
    remember(tx.query("SELECT g.statement FROM " + std::string(view ? "pg_class" : "pg_proc") +
                          " c CROSS JOIN LATERAL (" +
                          grants(view ? "c.relacl" : "c.proacl",
                                 view ? "c.oid::regclass" : "'FUNCTION ' || c.oid::regprocedure") +
                          ") g WHERE c.oid = $1::oid ORDER BY g.statement",
                      {rows.text(i, "oid")}));
  }
  for (std::size_t i = rows.size(); i-- > 0;) {
    tx.query("DROP " + rows.text(i, "kind") + " " + rows.text(i, "name"));
  }
}

void Replaced::remember(const pg::Rows& rows) {
  for (std::size_t i = 0; i < rows.size(); ++i) statements_.push_back(rows.text(i, "statement"));
}

void Replaced::put_back(pg::Transaction& tx, core::Observer& observer) const {
  for (const std::string& statement : statements_) tx.query(statement);
  for (const Unique& index : unique_) {
    const bool there =
        tx.query(
              "WITH RECURSIVE tree AS (SELECT $1::regclass::oid AS oid"
              "  UNION SELECT inhrelid FROM pg_inherits JOIN tree ON inhparent = tree.oid)"
              " SELECT EXISTS (SELECT FROM tree JOIN pg_index i ON i.indrelid = tree.oid"
              "   WHERE i.indisunique"
              "     AND regexp_replace(pg_get_indexdef(i.indexrelid), '^.* USING ', '') = $2) AS "
              "there",
              {index.table, index.columns})
            .boolean(0, "there");
    if (!there) {
      observer.warn(fmt::format("Unique index {} of {} is gone: it was {}", index.name, index.table,
                                index.columns));
    }
  }
}

}  // namespace scalectl::schema
