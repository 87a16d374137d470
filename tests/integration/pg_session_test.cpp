// Sessions and transactions on a real server.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <mutex>
#include <thread>

#include "pg/session.hpp"
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
using testing::Not;

struct PgSession : testing::Test {
  test::Database database;
  pg::Session session = database.connect();

  Error failing(const std::string& sql, const pg::Params& params = {}) {
    return error_of([&] { session.query(sql, params); });
  }
};

using PgTransaction = PgSession;

TEST_F(PgSession, QueryWithSeveralColumns_NamesAndTypesThem) {
  const pg::Rows rows = session.query(
      "SELECT 7 AS number, 2.5 AS fraction, true AS flag, NULL::text AS nothing, '' AS blank");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows.columns(), 5u);
  EXPECT_EQ(rows.name(1), "fraction");
  EXPECT_EQ(rows.column("flag"), 2u);
  EXPECT_EQ(rows.integer(0, "number"), 7);
  EXPECT_EQ(rows.real(0, "fraction"), 2.5);
  EXPECT_TRUE(rows.boolean(0, "flag"));
  EXPECT_EQ(rows.at(0, "nothing"), std::nullopt);
  EXPECT_EQ(rows.at(0, "blank"), "");
  EXPECT_THROW(rows.column("absent"), std::out_of_range);
}

TEST_F(PgSession, ParametersWithQuotesAndNull_ArriveAsTheyAre) {
  const std::string awkward = "it's \"quoted\" \\ $1 ; -- ü\n";
  const pg::Rows rows =
      session.query("SELECT $1::text AS a, $2::text AS b, $3::int + 1 AS c", {awkward, {}, "41"});
  EXPECT_EQ(rows.text(0, "a"), awkward);
  EXPECT_EQ(rows.at(0, "b"), std::nullopt);
  EXPECT_EQ(rows.integer(0, "c"), 42);
}

TEST_F(PgSession, SeveralStatementsAtOnce_AllRun) {
  session.query("CREATE TABLE a (x int); INSERT INTO a VALUES (1), (2); CREATE TABLE b (y int)");
  EXPECT_EQ(scalar(session, "SELECT sum(x) FROM a"), "3");
  EXPECT_EQ(scalar(session, "SELECT to_regclass('b')"), "b");
}

TEST_F(PgSession, DataStatements_ReportTheRowsTheyTouched) {
  session.query("CREATE TABLE t (x int)");
  EXPECT_EQ(session.query("INSERT INTO t SELECT generate_series(1, 5)").affected(), 5);
  EXPECT_EQ(session.query("UPDATE t SET x = x + 1 WHERE x > $1", {"3"}).affected(), 2);
  EXPECT_EQ(session.query("DELETE FROM t WHERE x = 99").affected(), 0);
}

TEST_F(PgSession, FailingStatements_AreOfTheKindThatTheirCauseHas) {
  session.query("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)");
  EXPECT_EQ(failing("SELECT FROM absent").kind(), ErrorKind::kUsage);
  EXPECT_EQ(failing("SELECT wrong FROM t").kind(), ErrorKind::kUsage);
  EXPECT_EQ(failing("SELEC 1").kind(), ErrorKind::kUsage);
  EXPECT_EQ(failing("SELECT $1::int", {"x"}).kind(), ErrorKind::kUsage);
  session.query("SET statement_timeout = '10ms'; SET default_transaction_read_only = on");
  EXPECT_EQ(failing("CREATE TABLE u ()").kind(), ErrorKind::kConnection);
  EXPECT_EQ(failing("SELECT pg_sleep(100)").kind(), ErrorKind::kBusy);
  EXPECT_EQ(failing("DO $$ BEGIN RAISE 'no'; END $$").kind(), ErrorKind::kFailed);
}

TEST_F(PgSession, UniqueViolation_SaysWhichKey) {
  session.query("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)");
  const Error error = failing("INSERT INTO t VALUES (1)");
  EXPECT_EQ(error.kind(), ErrorKind::kFailed);
  EXPECT_EQ(error.message(),
            "duplicate key value violates unique constraint \"t_pkey\" "
            "(Key (id)=(1) already exists.)");
}

TEST_F(PgSession, AfterAFailedStatement_GoesOn) {
  failing("SELECT 1 / 0");
  EXPECT_EQ(scalar(session, "SELECT 2 + 2"), "4");
}

TEST_F(PgSession, HeldLock_IsBusy) {
  session.query("CREATE TABLE t (id int)");
  pg::Transaction holder = session.begin();
  holder.query("LOCK TABLE t");
  pg::Session other = database.connect();
  other.query("SET lock_timeout = '50ms'");
  EXPECT_EQ(error_of([&] { other.query("SELECT FROM t"); }).kind(), ErrorKind::kBusy);
}

TEST_F(PgSession, MissingPrivilege_IsAUsageErrorThatSaysWhomToAsk) {
  session.query("CREATE TABLE t (id int)");
  const std::string role = "guest_" + database.name();
  session.query("CREATE ROLE " + role);
  session.query("SET ROLE " + role);
  const Error error = failing("SELECT FROM t");
  session.query("RESET ROLE; DROP ROLE " + role);
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_EQ(error.message(), "permission denied for table t");
  EXPECT_THAT(error.hint(), HasSubstr("ask the owner"));
}

TEST_F(PgSession, RowThatAnotherSessionChanged_IsBusy) {
  session.query("CREATE TABLE t AS SELECT 1 AS x");
  pg::Transaction tx = session.begin();
  tx.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
  tx.query("SELECT FROM t");
  database.connect().query("UPDATE t SET x = 2");
  const Error error = error_of([&] { tx.query("UPDATE t SET x = 3"); });
  EXPECT_EQ(error.kind(), ErrorKind::kBusy);
  EXPECT_THAT(error.message(), HasSubstr("could not serialize access"));
}

TEST_F(PgSession, Deadlock_IsBusyForOneOfTheTwo) {
  session.query("CREATE TABLE a (); CREATE TABLE b ()");
  pg::Session other = database.connect();
  for (pg::Session* each : {&session, &other}) each->query("SET deadlock_timeout = '50ms'");
  pg::Transaction mine = session.begin();
  pg::Transaction theirs = other.begin();
  mine.query("LOCK TABLE a");
  theirs.query("LOCK TABLE b");
  std::vector<Error> errors;
  std::mutex mutex;
  const auto lock = [&](pg::Transaction& tx, const char* table) {
    try {
      tx.query(std::string("LOCK TABLE ") + table);
    } catch (const Error& error) {
      const std::lock_guard guard(mutex);
      errors.push_back(error);
    }
  };
  std::jthread opposite([&] { lock(theirs, "a"); });
  lock(mine, "b");  // the victim's locks are free at once, so the other one goes on
  opposite.join();
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].kind(), ErrorKind::kBusy);
  EXPECT_THAT(errors[0].message(), HasSubstr("deadlock detected"));
}

TEST_F(PgSession, MissingDatabase_IsAConnectionErrorThatNamesIt) {
  const pg::Target target = pg::with_database(database.target(), "no_such_database");
  const Error error = error_of([&] { pg::Session(target, "scalectl test"); });
  EXPECT_EQ(error.kind(), ErrorKind::kConnection);
  EXPECT_THAT(error.message(), HasSubstr("\"no_such_database\" does not exist"));
}

TEST_F(PgSession, NoServer_IsAConnectionError) {
  const Error error =
      error_of([&] { pg::Session({"host=/tmp/scalectl-no-server"}, "scalectl test"); });
  EXPECT_EQ(error.kind(), ErrorKind::kConnection);
  EXPECT_THAT(error.message(), HasSubstr("/tmp/scalectl-no-server"));
}

TEST_F(PgSession, WrongPassword_IsAConnectionErrorWithoutIt) {
  const int port = test::shared_lab().options().port.value();
  const std::string target = fmt::format(
      "host=127.0.0.1 port={} user=lab dbname={} password=open-sesame", port, database.name());
  const Error error = error_of([&] { pg::Session({target}, "scalectl test"); });
  EXPECT_EQ(error.kind(), ErrorKind::kConnection);
  EXPECT_THAT(error.message(), HasSubstr("password authentication failed"));
  EXPECT_THAT(error.what(), Not(HasSubstr("open-sesame")));
}

TEST_F(PgSession, ApplicationName_IsTheOneGiven) {
  pg::Session named(database.target(), "scalectl tick run");
  EXPECT_EQ(scalar(named, "SHOW application_name"), "scalectl tick run");
}

TEST_F(PgSession, ServerVersion_IsWhatTheServerSays) {
  const std::string shown = scalar(session, "SHOW server_version");
  EXPECT_EQ(session.server_version(), shown.substr(0, shown.find(' ')));
}

TEST_F(PgSession, InALab_IsSeenToBeOne) { EXPECT_TRUE(pg::is_lab(session)); }

TEST_F(PgSession, StopRequest_CancelsTheRunningStatementAsInterrupted) {
  std::stop_source source;
  pg::Session mine = database.connect(source.get_token());
  bool held = false;
  const std::jthread stopper = test::stop_when(
      database,
      fmt::format("EXISTS (SELECT FROM pg_stat_activity WHERE pid = {} AND wait_event = 'PgSleep')",
                  test::backend_of(mine)),
      source, held);
  const Error error = error_of([&] { mine.query("SELECT pg_sleep(100)"); });
  EXPECT_EQ(error.kind(), ErrorKind::kInterrupted);
  EXPECT_TRUE(held);
}

TEST_F(PgSession, TerminatedBackend_IsALostConnectionAndStaysLost) {
  pg::Session victim = database.connect();
  ASSERT_EQ(scalar(session,
                   fmt::format("SELECT pg_terminate_backend({}, 10000)", test::backend_of(victim))),
            "t");
  EXPECT_EQ(error_of([&] { victim.query("SELECT 1"); }).kind(), ErrorKind::kConnection);
  EXPECT_EQ(error_of([&] { victim.query("SELECT 1"); }).kind(), ErrorKind::kConnection);
}

TEST_F(PgTransaction, Committed_IsSeenByOthers) {
  session.query("CREATE TABLE t (x int)");
  pg::Session other = database.connect();
  pg::Transaction tx = session.begin();
  tx.query("INSERT INTO t VALUES (1)");
  EXPECT_EQ(scalar(other, "SELECT count(*) FROM t"), "0");
  tx.commit();
  EXPECT_EQ(scalar(other, "SELECT count(*) FROM t"), "1");
}

TEST_F(PgTransaction, LeftWithoutCommit_IsRolledBack) {
  session.query("CREATE TABLE t (x int)");
  {
    pg::Transaction tx = session.begin();
    tx.query("INSERT INTO t VALUES (1)");
  }
  EXPECT_EQ(scalar(session, "SELECT count(*) FROM t"), "0");
}

TEST_F(PgTransaction, PreparedTwice_IsOneStatementOnTheServer) {
  session.query("CREATE TABLE t (x int, y text)");
  const std::string sql = "INSERT INTO t VALUES ($1, $2)";
  {
    pg::Transaction tx = session.begin();
    const std::string name = tx.prepare(sql);
    EXPECT_EQ(tx.run(name, {"1", {}}).affected(), 1);
    EXPECT_NE(tx.prepare("SELECT count(*) FROM t"), name);
    tx.commit();
  }
  pg::Transaction tx = session.begin();
  const std::string name = tx.prepare(sql);
  tx.run(name, {"2", "it's"});
  EXPECT_EQ(tx.query("SELECT count(*) AS n FROM pg_prepared_statements WHERE name = $1", {name})
                .integer(0, "n"),
            1);
  tx.commit();
  EXPECT_THAT(test::lines(session, "SELECT x || coalesce(y, ' null') FROM t ORDER BY x"),
              ElementsAre("1 null", "2it's"));
}

TEST_F(PgTransaction, StatementThatCannotBePrepared_FailsTheSameWayAgain) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    pg::Transaction tx = session.begin();
    const Error error = error_of([&] { tx.run(tx.prepare("SELECT x FROM absent"), {}); });
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.message(), HasSubstr("\"absent\" does not exist"));
  }
}

TEST_F(PgTransaction, StopRequest_RollsBack) {
  session.query("CREATE TABLE t (x int)");
  std::stop_source source;
  pg::Session mine = database.connect(source.get_token());
  {
    pg::Transaction tx = mine.begin();
    tx.query("INSERT INTO t VALUES (1)");
    source.request_stop();
    const Error error = error_of([&] { tx.query("INSERT INTO t VALUES (2)"); });
    EXPECT_EQ(error.kind(), ErrorKind::kInterrupted);
  }
  EXPECT_EQ(scalar(session, "SELECT count(*) FROM t"), "0");
}

TEST_F(PgTransaction, ConnectionGoneBeforeCommit_IsNeverReportedAsDone) {
  session.query("CREATE TABLE t (x int)");
  pg::Session victim = database.connect();
  const std::string pid = test::backend_of(victim);
  pg::Transaction tx = victim.begin();
  tx.query("INSERT INTO t VALUES (1)");
  session.query(fmt::format("SELECT pg_terminate_backend({}, 10000)", pid));
  const Error error = error_of([&] { tx.commit(); });
  EXPECT_EQ(error.kind(), ErrorKind::kFailed);
  EXPECT_THAT(error.message(), HasSubstr("nobody can tell"));
  EXPECT_EQ(scalar(session, "SELECT count(*) FROM t"), "0");
}

}  // namespace
}  // namespace scalectl
