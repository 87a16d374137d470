#include "tick/set_columns.hpp"

#include <gmock/gmock.h>

namespace scalectl::tick {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// "table.column" for each.
std::vector<std::string> in(const std::string& sql) {
  std::vector<std::string> out;
  for (const SetColumn& set : set_columns(sql)) out.push_back(set.table + "." + set.column);
  return out;
}

TEST(SetColumns, Update_NamesItsTableAndColumns) {
  EXPECT_THAT(in("UPDATE \"players\"\n SET stamina = LEAST(stamina + $1::int + endurance / 10,"
                 " max_stamina), Hp = 3 WHERE is_dead = FALSE AND stamina < max_stamina"),
              ElementsAre("\"players\".stamina", "\"players\".hp"));
  EXPECT_THAT(in("update only public . players * as p set a=b=c, d = 1 from x where e = 2"),
              ElementsAre("public.players.a", "public.players.d"));
  EXPECT_THAT(
      in("UPDATE t SET a = CASE turn WHEN 'x' THEN b ELSE c END, b = now() RETURNING c, d = e"),
      ElementsAre("t.a", "t.b"));
}

TEST(SetColumns, ListsFieldsAndSubscripts_AreOfTheirColumn) {
  EXPECT_THAT(in("UPDATE t SET (a, \"B b\") = (SELECT x, y FROM z WHERE x = y), c.f = 1, d[i] = 2"),
              ElementsAre("t.a", "t.B b", "t.c", "t.d"));
  EXPECT_THAT(in("UPDATE t SET (a, b) = ROW (1, c = 2), d = 1"), ElementsAre("t.a", "t.b", "t.d"));
}

TEST(SetColumns, QuotedNames_AreReadAsTheServerDoes) {
  EXPECT_THAT(in("UPDATE \"My \"\"Game\"\"\".\"Players\" SET \"Stamina\"\"s\" = 1, \"where\" = 2"),
              ElementsAre("\"My \"\"Game\"\"\".\"Players\".Stamina\"s",
                          "\"My \"\"Game\"\"\".\"Players\".where"));
}

TEST(SetColumns, QueriesInWith_CountToo) {
  EXPECT_THAT(in("WITH gone AS (DELETE FROM e WHERE n = 1 RETURNING id), kept AS ("
                 "  UPDATE e SET n = n - 1 WHERE n > 1 RETURNING id)"
                 " UPDATE players AS p SET hp = 1, is_dead = p.hp + 1 <= 0 FROM kept"),
              ElementsAre("e.n", "players.hp", "players.is_dead"));
}

TEST(SetColumns, InsertOnConflictAndMerge_SetColumnsOfTheirTarget) {
  EXPECT_THAT(
      in("INSERT INTO s.t AS x (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET b = excluded.b"),
      ElementsAre("s.t.b"));
  EXPECT_THAT(
      in("MERGE INTO t USING u ON t.a = u.a WHEN MATCHED AND u.b THEN UPDATE SET c = 1, d = 2"
         " WHEN NOT MATCHED THEN INSERT (e) VALUES (f)"),
      ElementsAre("t.c", "t.d"));
}

TEST(SetColumns, LocksStringsAndComments_SetNothing) {
  EXPECT_THAT(in("SELECT a FROM t WHERE b = 1 FOR UPDATE SKIP LOCKED"), IsEmpty());
  EXPECT_THAT(in("SELECT a FROM t FOR NO KEY UPDATE"), IsEmpty());
  EXPECT_THAT(in("DELETE FROM t WHERE a = 'UPDATE t SET b = 1' -- UPDATE t SET c = 1\n"
                 " /* UPDATE t SET d = 1 */ AND \"update\" = $$UPDATE t SET e = 1$$"),
              IsEmpty());
  EXPECT_THAT(in("UPDATE t SET -- a = 1,\n b = 'x, c = 1', d /* e = 2 */ = 1"),
              ElementsAre("t.b", "t.d"));
  EXPECT_THAT(in(""), IsEmpty());
  EXPECT_THAT(in("UPDATE"), IsEmpty());
  EXPECT_THAT(in("UPDATE t SET"), IsEmpty());
}

TEST(SetColumns, QueueWithSkipLockedInside_SetsWhatTheUpdateSays) {
  EXPECT_THAT(
      in("UPDATE c SET turn = 1 WHERE id = ANY (ARRAY(SELECT id FROM c WHERE s < 2 LIMIT 100"
         " FOR UPDATE SKIP LOCKED))"),
      ElementsAre("c.turn"));
}

}  // namespace
}  // namespace scalectl::tick
