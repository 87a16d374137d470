#include "tick/warnings.hpp"

#include <gmock/gmock.h>

#include "catalog/catalog.hpp"
#include "tick/file.hpp"

namespace scalectl::tick {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> of(const std::string& sql) {
  return warnings(parse_file({.path = "t.sql", .text = sql}));
}

TEST(TickWarnings, TicksThatShip_HaveNone) {
  for (const Definition& tick : load_all(catalog::Catalog())) {
    EXPECT_THAT(warnings(tick), IsEmpty()) << tick.name;
  }
}

TEST(TickWarnings, StatementsThatWriteNothing) {
  for (const char* sql :
       {"SELECT 1", "select * from a for update", "(SELECT 1)", "VALUES (1)", "TABLE a",
        "WITH a AS (SELECT 'DELETE FROM b') SELECT \"UPDATE\" FROM a -- UPDATE a SET b = 1",
        "SELECT $$ ( UPDATE a $$", "SELECT update FROM a"}) {
    EXPECT_THAT(of(sql),
                ElementsAre("tick t: the statement in line 1 writes nothing, unless a function in "
                            "it does"))
        << sql;
  }
}

TEST(TickWarnings, StatementsThatWrite_AreNotTakenForReaders) {
  for (const char* sql :
       {"INSERT INTO a SELECT * FROM b", "SELECT * INTO a FROM b", "TRUNCATE a", "CALL p()",
        "WITH a AS (SELECT 1) INSERT INTO b SELECT * FROM a", "DO $$ BEGIN END $$",
        "WITH gone AS (DELETE FROM a WHERE b RETURNING *) SELECT count(*) FROM gone",
        "INSERT INTO a VALUES (1) ON CONFLICT (b) DO UPDATE SET c = 1",
        "MERGE INTO a USING b ON a.c = b.c WHEN MATCHED THEN DELETE"}) {
    EXPECT_THAT(of(sql), IsEmpty()) << sql;
  }
}

TEST(TickWarnings, UpdateOrDeleteWithoutWhere_IsNamedWithItsLine) {
  EXPECT_THAT(of("\n\nUPDATE a\n SET b = (SELECT c FROM d WHERE e)"),
              ElementsAre("tick t: the UPDATE in line 3 has no WHERE: it takes every row"));
  EXPECT_THAT(of("delete from a -- WHERE b\n"),
              ElementsAre("tick t: the DELETE in line 1 has no WHERE: it takes every row"));
  EXPECT_THAT(of("WITH x AS (\nDELETE FROM a\n RETURNING *),\n y AS MATERIALIZED (SELECT 1 WHERE "
                 "true)\nUPDATE b SET c = 1 FROM x"),
              ElementsAre("tick t: the DELETE in line 2 has no WHERE: it takes every row",
                          "tick t: the UPDATE in line 5 has no WHERE: it takes every row"));
}

TEST(TickWarnings, WhereOfTheStatementItself_IsEnough) {
  EXPECT_THAT(of("UPDATE a SET b = (c + 1) * 2 WHERE d IN (SELECT 1)"), IsEmpty());
  EXPECT_THAT(of("WITH x AS (DELETE FROM a WHERE true RETURNING *) SELECT 1 FROM x"), IsEmpty());
}

TEST(TickWarnings, RowByRowForm_IsLookedAtToo) {
  const Definition tick = parse_file(
      {.path = "t.sql",
       .text = "-- tick: t\n-- summary: s\n-- every: 1m\n-- warn-after: 1s\n-- log: {rows}\n\n"
               "UPDATE :\"a\" SET b = 1 WHERE b = 0;\n-- @rows\n\nSELECT c FROM :\"a\" WHERE b = "
               "0;\nUPDATE :\"a\" SET b = 1;\n"});
  EXPECT_THAT(warnings(tick),
              ElementsAre("tick t: the UPDATE in line 11 has no WHERE: it takes every row"));
}

}  // namespace
}  // namespace scalectl::tick
