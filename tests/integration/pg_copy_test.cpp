// COPY and the look at relations, on a real server.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "pg/copy_format.hpp"
#include "pg/identifier.hpp"
#include "pg/relation.hpp"
#include "support/game.hpp"
#include "support/thrown.hpp"
#include "support/waiting.hpp"

namespace scalectl {
namespace {

using core::Error;
using core::ErrorKind;
using test::error_of;
using test::scalar;
using testing::ElementsAre;
using testing::HasSubstr;

struct PgCopyIn : testing::Test {
  test::Database database;
  pg::Session session = database.connect();

  PgCopyIn() { session.query("CREATE TABLE t (x int CHECK (x < 100), y text)"); }
  std::vector<std::string> rows() {
    return test::lines(session, "SELECT x || '=' || coalesce(y, 'NULL') FROM t ORDER BY x");
  }
};

struct PgRelation : testing::Test {
  test::Database database;
  pg::Session session = database.connect();
};

TEST_F(PgCopyIn, PiecesThatCutThroughRows_ArriveWhole) {
  pg::Transaction tx = session.begin();
  pg::CopyIn copy(tx, "COPY t FROM STDIN");
  copy.put("1\ton");
  copy.put("e\n2\t\\N\n");
  EXPECT_EQ(copy.finish(), 2);
  tx.query("INSERT INTO t VALUES (3, 'after')");  // the transaction goes on
  tx.commit();
  EXPECT_THAT(rows(), ElementsAre("1=one", "2=NULL", "3=after"));
}

TEST_F(PgCopyIn, BinaryBuffer_CarriesEveryType) {
  session.query("CREATE TABLE b (a bool, i int, l bigint, f real, s text, n text, at timestamptz)");
  using namespace std::chrono;
  pg::CopyBuffer buffer;
  buffer.begin_row(7);
  buffer.boolean(true);
  buffer.int4(-7);
  buffer.int8(9'000'000'000);
  buffer.float4(-1.5F);
  buffer.text("tab\tquote' ü");
  buffer.null();
  buffer.timestamp(sys_days(year(1999) / 12 / 31) + hours(23) + microseconds(1));
  pg::Transaction tx = session.begin();
  pg::CopyIn copy(tx, "COPY b FROM STDIN (FORMAT binary)");
  copy.put(pg::CopyBuffer::header());
  copy.put(buffer.bytes());
  copy.put(pg::CopyBuffer::trailer());
  EXPECT_EQ(copy.finish(), 1);
  tx.commit();
  EXPECT_EQ(scalar(session,
                   "SELECT concat_ws('|', a, i, l, f, s, n IS NULL, at AT TIME ZONE 'UTC') FROM b"),
            "t|-7|9000000000|-1.5|tab\tquote' ü|t|1999-12-31 23:00:00.000001");
}

TEST_F(PgCopyIn, RowThatTheServerRefuses_SurfacesWhenFinished) {
  pg::Transaction tx = session.begin();
  pg::CopyIn copy(tx, "COPY t FROM STDIN");
  copy.put("1\tfine\n100\ttoo much\n");
  const Error error = error_of([&] { copy.finish(); });
  EXPECT_EQ(error.kind(), ErrorKind::kFailed);
  EXPECT_THAT(error.message(), HasSubstr("violates check constraint \"t_x_check\""));
}

TEST_F(PgCopyIn, TextThatIsNoNumber_IsAUsageError) {
  pg::Transaction tx = session.begin();
  pg::CopyIn copy(tx, "COPY t FROM STDIN");
  copy.put("many\tx\n");
  const Error error = error_of([&] { copy.finish(); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_THAT(error.message(), HasSubstr("invalid input syntax for type integer: \"many\""));
}

TEST_F(PgCopyIn, MissingTable_IsRefusedAtOnce) {
  pg::Transaction tx = session.begin();
  const Error error = error_of([&] { pg::CopyIn(tx, "COPY absent FROM STDIN"); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_THAT(error.message(), HasSubstr("\"absent\" does not exist"));
}

TEST_F(PgCopyIn, Abandoned_LeavesNoRowAndAUsableSession) {
  {
    pg::Transaction tx = session.begin();
    pg::CopyIn copy(tx, "COPY t FROM STDIN");
    copy.put("1\tone\n");
  }
  EXPECT_THAT(rows(), ElementsAre());
  session.query("INSERT INTO t VALUES (2, 'two')");
  EXPECT_THAT(rows(), ElementsAre("2=two"));
}

TEST_F(PgCopyIn, TerminatedBackend_IsALostConnection) {
  pg::Session victim = database.connect();
  const std::string pid = test::backend_of(victim);
  pg::Transaction tx = victim.begin();
  pg::CopyIn copy(tx, "COPY t FROM STDIN");
  copy.put("1\tone\n");
  session.query(fmt::format("SELECT pg_terminate_backend({}, 10000)", pid));
  EXPECT_EQ(error_of([&] { copy.finish(); }).kind(), ErrorKind::kConnection);
  EXPECT_THAT(rows(), ElementsAre());
}

TEST_F(PgCopyIn, StopRequestBeforeTheEnd_IsAnInterruption) {
  std::stop_source source;
  pg::Session mine = database.connect(source.get_token());
  pg::Transaction tx = mine.begin();
  pg::CopyIn copy(tx, "COPY t FROM STDIN");
  copy.put("1\tone\n");
  source.request_stop();
  EXPECT_EQ(error_of([&] { copy.finish(); }).kind(), ErrorKind::kInterrupted);
}

TEST_F(PgRelation, TableThatIsThere_IsDescribed) {
  session.query(
      "CREATE SCHEMA \"My Schema\";"
      "CREATE TABLE \"My Schema\".\"My Table\" (\"Id\" bigint, gone int, at timestamptz);"
      "ALTER TABLE \"My Schema\".\"My Table\" DROP COLUMN gone");
  const auto found = pg::find_relation(session, "\"My Schema\".\"My Table\"");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->schema, "My Schema");
  EXPECT_EQ(found->name, "My Table");
  EXPECT_TRUE(found->plain);
  EXPECT_TRUE(found->owned);
  EXPECT_EQ(std::to_string(found->oid),
            scalar(session, "SELECT '\"My Schema\".\"My Table\"'::regclass::oid"));
  ASSERT_EQ(found->columns.size(), 2u);
  EXPECT_EQ(found->columns[0].name, "Id");
  EXPECT_EQ(found->columns[0].type, "bigint");
  EXPECT_EQ(found->columns[1].name, "at");
  EXPECT_EQ(found->columns[1].type, "timestamp with time zone");
}

TEST_F(PgRelation, ViewsAndPartitionedTables_AreFoundButNotPlain) {
  session.query("CREATE TABLE p (x int) PARTITION BY LIST (x); CREATE VIEW v AS SELECT 1 AS x");
  EXPECT_FALSE(pg::find_relation(session, "p").value().plain);
  EXPECT_FALSE(pg::find_relation(session, "v").value().plain);
}

TEST_F(PgRelation, MissingTable_IsNothing) {
  EXPECT_EQ(pg::find_relation(session, "\"absent\"").has_value(), false);
}

TEST_F(PgRelation, IndexOfThatName_IsNoTable) {
  session.query("CREATE TABLE t (x int PRIMARY KEY)");
  EXPECT_EQ(pg::find_relation(session, "t_pkey").has_value(), false);
}

TEST_F(PgRelation, RequiredTableThatIsMissing_NamesWhereItLooked) {
  const Error error = error_of([&] { pg::require_relation(session, "\"players\""); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_EQ(error.message(), "there is no table \"players\" (search path: public)");
  EXPECT_THAT(error.hint(), HasSubstr("scalectl db init game"));
}

TEST_F(PgRelation, RequiredTableWithANeighbourOfLikeName_SuggestsIt) {
  session.query("CREATE TABLE \"Players\" (x int); CREATE TABLE unlike (x int)");
  const Error error = error_of([&] { pg::require_relation(session, "\"players\""); });
  EXPECT_EQ(
      error.hint(),
      "there is a table \"Players\" in schema \"public\"; name it with --table players=Players");
}

TEST_F(PgRelation, RequiredTableOfAnotherName_IsNamedByWhatTheCatalogCallsIt) {
  session.query("CREATE TABLE players (x int)");
  const auto hint = [&](const std::string& quoted) {
    return error_of([&] { pg::require_relation(session, quoted, "players"); }).hint();
  };
  EXPECT_EQ(hint("\"zz_players\""),
            "there is a table \"players\" in schema \"public\"; name it with"
            " --table players=players");
  session.query(
      "CREATE SCHEMA s; ALTER TABLE players SET SCHEMA s;"
      " ALTER TABLE s.players RENAME TO \"player s\"");
  EXPECT_EQ(hint("\"players\""),
            "there is a table \"player s\" in schema \"s\"; name it with --schema s"
            " --table 'players=player s'");
}

}  // namespace
}  // namespace scalectl
