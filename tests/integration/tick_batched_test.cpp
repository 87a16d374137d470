// Batches: their size, their workers, their shares; and how a window goes on after what ended it.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <thread>

#include "support/stopper.hpp"
#include "support/thrown.hpp"
#include "support/waiting.hpp"
#include "support/windows.hpp"

namespace scalectl {
namespace {

using core::Error;
using core::ErrorKind;
using core::Seconds;
using test::error_of;
using test::metric;
using test::text_of;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using tick::CatchUp;
using tick::Strategy;

class TickBatched : public test::TickWindows {
 protected:
  /// Batches of 100 on `workers` connections.
  tick::Options in_batches(tick::Options more = {}) const {
    more.strategy = Strategy::kBatched;
    if (!more.batch) more.batch = 100;
    return options(more);
  }
  core::Result work(const tick::Options& more = {}) {
    return tick::run(session, tick::load(catalog, "stamina"), in_batches(more), recorder);
  }
  /// The same without a window.
  core::Result on_demand(tick::Options more = {}) {
    more = in_batches(more);
    more.window = std::nullopt;
    return tick::run(session, tick::load(catalog, "stamina"), more, recorder);
  }
  /// Asks a run to stop after about `keys` players; what it reported.
  core::Result stopped_after(std::uint64_t keys, const tick::Options& more = {}) {
    test::Stopper stopper("stamina", keys);
    pg::Session mine = database.connect(stopper.token());
    return tick::run(mine, tick::load(catalog, "stamina"), in_batches(more), stopper);
  }
  std::string shares() {
    return scalar(
        "SELECT coalesce(string_agg(concat_ws(' ', share, token, after_key, upto_key, rows), ', '"
        "  ORDER BY share), 'none') FROM scalectl.tick_shares");
  }
};

TEST_F(TickBatched, DeadlockWithAnotherSession_WorksTheBatchAgain) {
  play(300);
  pg::Session other = database.connect();
  other.query("SET deadlock_timeout = '1h'");  // so that the batch is the one that is ended
  pg::Transaction tx = other.begin();
  tx.query("SELECT 1 FROM players WHERE player_id = 190 FOR UPDATE");
  std::jthread crossing([&] {
    pg::Session watcher = database.connect();
    test::comes_true([&] {
      return test::scalar(watcher,
                          "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname ="
                          " current_database() AND wait_event_type = 'Lock')") == "t";
    });
    tx.query("SELECT 1 FROM players WHERE player_id = 110 FOR UPDATE");
    tx.commit();
  });
  const core::Result result = work();
  crossing.join();
  EXPECT_EQ(metric(result, "batch_retries"), "1");
  EXPECT_EQ(metric(result, "batches"), "3");
  EXPECT_EQ(metric(result, "rows"), "300");
  EXPECT_EQ(ticks(), "1:300");
  EXPECT_THAT(result.notes, testing::Contains(HasSubstr("1 batch was worked again after a dead")));
}

TEST_F(TickBatched, LeastBigintAsAKey_IsRefusedAndNothingIsTouched) {
  play(50);
  session.query("UPDATE players SET player_id = -9223372036854775808 WHERE player_id = 1");
  for (const std::int64_t workers : {1, 2}) {
    for (const Error& error : {error_of([&] { work({.workers = workers}); }),
                               error_of([&] { on_demand({.workers = workers}); })}) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      EXPECT_THAT(error.message(), HasSubstr("holds the \"player_id\" -9223372036854775808"));
      EXPECT_THAT(error.hint(), HasSubstr("--strategy set"));
    }
  }
  EXPECT_EQ(scalar("SELECT count(*) FROM players WHERE stamina > 0"), "0");
  EXPECT_EQ(scalar("SELECT count(*) FROM scalectl.tick_slots"), "0");
  session.query("UPDATE players SET player_id = player_id + 1 WHERE player_id < 0");
  EXPECT_EQ(metric(work({.workers = 2}), "rows"), "50");
}

TEST_F(TickBatched, EachBatch_IsATransactionOfItsOwnUpToTheLastKey) {
  play(1050);
  session.query(
      "ALTER TABLE players ADD COLUMN tx xid8;"
      "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS"
      "  $$ BEGIN NEW.tx = pg_current_xact_id(); RETURN NEW; END $$;"
      "CREATE TRIGGER note BEFORE UPDATE ON players FOR EACH ROW EXECUTE FUNCTION note()");
  const core::Result result = work();
  EXPECT_EQ(text_of(result, "slot_state"), "worked");
  EXPECT_EQ(metric(result, "rows"), "1050");
  EXPECT_EQ(metric(result, "batches"), "11");
  EXPECT_EQ(metric(result, "statements"), "22");
  EXPECT_EQ(scalar("SELECT count(DISTINCT tx) FROM players"), "11");
  EXPECT_EQ(ticks(), "1:1050");
  EXPECT_EQ(shares(), "none");
  EXPECT_EQ(recorder.steps.back().done, 1050u);
  EXPECT_EQ(recorder.steps.back().total, 1050u);
  EXPECT_EQ(recorder.steps.back().unit, "keys");
  EXPECT_EQ(scalar("SELECT concat_ws(' ', strategy, rows, statements, token)"
                   " FROM scalectl.tick_runs"),
            "batched 1050 22 1");
  EXPECT_GT(result.metrics.find("wal_bytes")->number(), 1050 * 30);
}

TEST_F(TickBatched, HotShare_IsThatOfAllBatches) {
  play(1000);
  session.query("ALTER TABLE players SET (fillfactor = 40)");
  session.query("VACUUM FULL players");
  EXPECT_EQ(metric(work({.workers = 2}), "hot_ratio"), "1.0");
  session.query("CREATE INDEX ON players (stamina)");
  now += kWindow;
  EXPECT_EQ(metric(work({.workers = 2}), "hot_ratio"), "0.0");
}

TEST_F(TickBatched, SeveralWorkers_TickEveryPlayerOnceThroughGapsInTheKeys) {
  play(900);
  session.query(
      "DELETE FROM players WHERE player_id BETWEEN 100 AND 500;"
      "UPDATE players SET player_id = player_id * 1000000007 WHERE player_id > 800;"
      "UPDATE players SET player_id = -player_id WHERE player_id < 50;"
      "DROP TABLE was; CREATE TABLE was AS TABLE players;");
  EXPECT_EQ(metric(work({.batch = 7, .workers = 3}), "rows"), "499");
  EXPECT_EQ(ticks(), "1:499");
  EXPECT_EQ(metric(on_demand({.workers = 3}), "rows"), "499");
  EXPECT_EQ(ticks(), "2:499");
}

TEST_F(TickBatched, NoPlayers_IsDoneAtOnce) {
  play(10);
  session.query("TRUNCATE players CASCADE");
  EXPECT_EQ(metric(work({.workers = 2}), "rows"), "0");
  EXPECT_EQ(text_of(work(), "slot_state"), "already_done");
}

TEST_F(TickBatched, Stop_EndsAfterTheBatchUnderWayAndTheNextRunGoesOn) {
  play(1000);
  const core::Result first = stopped_after(300);
  EXPECT_TRUE(first.interrupted);
  EXPECT_EQ(metric(first, "rows"), "300");
  EXPECT_THAT(first.notes, ElementsAre("interrupted after 300 rows in 3 batches, which are done; "
                                       "the next run goes on from there"));
  EXPECT_EQ(ticks(), "0:700 1:300");
  EXPECT_EQ(shares(), "0 1 300 1000 300");
  const core::Result second = work({.workers = 2});
  EXPECT_EQ(text_of(second, "slot_state"), "resumed");
  EXPECT_EQ(metric(second, "rows"), "700");
  EXPECT_EQ(metric(second, "rows_before"), "300");
  EXPECT_EQ(metric(second, "token"), "2");
  EXPECT_THAT(second.notes, ElementsAre(HasSubstr("resumed: 300 rows")));
  EXPECT_EQ(ticks(), "1:1000");
  EXPECT_EQ(text_of(work(), "slot_state"), "already_done");
}

TEST_F(TickBatched, StopWithoutAWindow_SaysThatItCannotBeResumed) {
  play(1000);
  test::Stopper stopper("stamina", 300);
  pg::Session mine = database.connect(stopper.token());
  tick::Options more = in_batches();
  more.window = std::nullopt;
  const core::Result result = tick::run(mine, tick::load(catalog, "stamina"), more, stopper);
  EXPECT_TRUE(result.interrupted);
  EXPECT_THAT(result.notes, ElementsAre(HasSubstr("without --window a further run begins anew")));
  EXPECT_EQ(ticks(), "0:700 1:300");
}

TEST_F(TickBatched, WindowThatWasBegun_IsFinishedFirstThenThePresentOne) {
  play(1000);
  stopped_after(300);
  now += 2 * kWindow;
  const core::Result result = work();
  EXPECT_EQ(metric(result, "windows_worked"), "2");
  EXPECT_EQ(metric(result, "windows_missed"), "1");
  EXPECT_EQ(metric(result, "rows"), "1700");
  EXPECT_EQ(ticks(), "2:1000");
}

TEST_F(TickBatched, WindowThatWasBegun_IsDroppedWithCatchUpNone) {
  play(1000);
  for (const Strategy strategy : {Strategy::kBatched, Strategy::kSet}) {
    stopped_after(300);
    now += kWindow;
    const core::Result result = run({.strategy = strategy, .catch_up = CatchUp::kNone});
    EXPECT_EQ(metric(result, "rows"), "1000");
    EXPECT_THAT(result.notes, ElementsAre(HasSubstr("is dropped (--catch-up none)")));
    EXPECT_EQ(shares(), "none");
    now += kWindow;
  }
  EXPECT_EQ(ticks(), "2:700 4:300");
}

TEST_F(TickBatched, WindowThatWasBegun_IsFinishedInTheSameWayOrNotAtAll) {
  play(1000);
  stopped_after(300);
  const Error other = error_of([&] { run({.strategy = Strategy::kSet}); });
  EXPECT_EQ(other.kind(), ErrorKind::kUsage);
  EXPECT_THAT(other.message(), HasSubstr("was begun in batches and is not finished"));
  const Error bonus = error_of([&] { work({.parameters = {{"bonus", "2"}}}); });
  EXPECT_EQ(bonus.kind(), ErrorKind::kUsage);
  EXPECT_THAT(bonus.message(), HasSubstr("it has the parameters {\"bonus\": 1}"));
  for (const Error& error : {other, bonus}) {
    EXPECT_THAT(error.hint(),
                HasSubstr("a later window drops the rest of it with --catch-up none"));
  }
  EXPECT_EQ(ticks(), "0:700 1:300");
}

TEST_F(TickBatched, RowThatStaysLocked_IsBusyAndTheNextRunGoesOn) {
  play(1000);
  pg::Session other = database.connect();
  {
    pg::Transaction holder = other.begin();
    holder.query("SELECT FROM players WHERE player_id = 450 FOR UPDATE");
    const Error error = error_of([&] { work({.lock_timeout = Seconds(0.1)}); });
    EXPECT_EQ(error.kind(), ErrorKind::kBusy);
    EXPECT_THAT(error.message(),
                HasSubstr("400 rows in 4 batches are done, and the next run goes"));
    EXPECT_EQ(ticks(), "0:600 1:400");
    EXPECT_EQ(scalar("SELECT count(*) FROM scalectl.tick_runs"), "0");
    EXPECT_EQ(error_of([&] { on_demand({.lock_timeout = Seconds(0.1)}); }).kind(),
              ErrorKind::kFailed)
        << "part-way, and nothing to go on from";
  }
  EXPECT_EQ(metric(work(), "rows"), "600");
  EXPECT_EQ(ticks(), "1:600 2:400");
}

/// A run that has lost its lock and was overtaken (a zombie) writes nothing more.
TEST_F(TickBatched, OldToken_CannotWriteABatch) {
  play(1000);
  const auto holders =
      "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
      "   AND database = (SELECT oid FROM pg_database"
      "                    WHERE datname = current_database())";
  pg::Session other = database.connect();
  pg::Transaction blocker = other.begin();
  blocker.query("SELECT FROM players WHERE player_id = 450 FOR UPDATE");
  std::optional<Error> fenced;
  std::jthread zombie([&] {
    pg::Session own = database.connect();
    test::Recorder silent;
    try {
      tick::run(own, tick::load(catalog, "stamina"), in_batches(), silent);
    } catch (const Error& error) {
      fenced = error;
    }
  });
  ASSERT_TRUE(
      test::comes_true([&] { return scalar("SELECT " + test::kSomebodyIsBlocked) == "t"; }));
  EXPECT_EQ(scalar("SELECT count(*) FROM pg_stat_activity JOIN pg_locks USING (pid)"
                   " WHERE locktype = 'advisory' AND datname = current_database()"
                   "   AND state = 'idle in transaction' AND backend_xid IS NULL"
                   "   AND backend_xmin IS NULL"),
            "1")
      << "what holds the lock holds back no vacuum";
  session.query(
      "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
      "   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())");
  ASSERT_TRUE(test::comes_true([&] { return scalar(holders) == "0"; }));
  // The second run takes the window over, and is stopped by the same row.
  const Error second = error_of([&] { work({.lock_timeout = Seconds(0.2)}); });
  EXPECT_EQ(second.kind(), ErrorKind::kBusy);
  EXPECT_EQ(shares(), "0 2 400 1000 400");
  blocker.commit();
  zombie.join();
  ASSERT_TRUE(fenced);
  EXPECT_EQ(fenced->kind(), ErrorKind::kBusy);
  EXPECT_THAT(fenced->message(), AllOf(HasSubstr("another run has taken over"),
                                       HasSubstr("token 1 is no longer the newest")));
  EXPECT_EQ(ticks(), "0:600 1:400");
  EXPECT_EQ(metric(work(), "token"), "3");
  EXPECT_EQ(ticks(), "1:1000");
}

TEST_F(TickBatched, Queue_WorksEachRowOnceInBatchesAndLeavesWhatOthersHold) {
  init();
  seed({.players = 400, .combats = 350});
  session.query(
      "UPDATE active_combats SET turn_started_at = now() - interval '1 h';"
      "CREATE TABLE was AS TABLE active_combats");
  const std::string turns =
      "SELECT string_agg(turns || ':' || combats, ' ' ORDER BY turns) FROM ("
      "  SELECT c.turn_number - w.turn_number AS turns, count(*) AS combats"
      "    FROM active_combats AS c JOIN was AS w USING (combat_id) GROUP BY 1) AS t";
  const tick::Definition combat = tick::load(catalog, "combat");
  pg::Session other = database.connect();
  {
    pg::Transaction player = other.begin();
    player.query("SELECT FROM active_combats ORDER BY combat_id LIMIT 3 FOR UPDATE");
    const core::Result result = tick::run(
        session, combat,
        options({.strategy = Strategy::kBatched, .parameters = {{"idle", "0s"}}, .workers = 2}),
        recorder);
    EXPECT_EQ(metric(result, "rows"), "347");
    EXPECT_GE(result.metrics.find("batches")->number(), 6) << "4 of them, and each worker's last";
    EXPECT_EQ(result.params.find("batch")->number(), 100);
  }
  EXPECT_EQ(scalar(turns), "0:3 1:347");
}

TEST_F(TickBatched, QueueThatWasStopped_GoesOn) {
  init();
  seed({.players = 400, .dropped = 500});
  session.query(
      "UPDATE dropped_items SET dropped_at = now() - interval '2 h';"
      "CREATE FUNCTION enough() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
      "  IF (SELECT count(*) FROM dropped_items) < 350 THEN RAISE 'enough'; END IF;"
      "  RETURN OLD; END $$;"
      "CREATE TRIGGER enough BEFORE DELETE ON dropped_items FOR EACH STATEMENT"
      "  EXECUTE FUNCTION enough()");
  const tick::Definition decay = tick::load(catalog, "decay");
  const tick::Options batches = options({.strategy = Strategy::kBatched, .batch = 60});
  EXPECT_THAT(error_of([&] { tick::run(session, decay, batches, recorder); }).message(),
              HasSubstr("enough; 180 rows in 3 batches are done"));
  session.query("DROP TRIGGER enough ON dropped_items");
  const core::Result result =
      tick::run(session, decay, options({.strategy = Strategy::kBatched, .workers = 3}), recorder);
  EXPECT_EQ(text_of(result, "slot_state"), "resumed");
  EXPECT_EQ(metric(result, "rows"), "320");
  EXPECT_EQ(metric(result, "rows_before"), "180");
}

TEST_F(TickBatched, KeyThatIsNoNumber_OrNotThere_IsRefused) {
  play(10);
  session.query("ALTER TABLE players RENAME COLUMN player_id TO id");
  EXPECT_THAT(error_of([&] { work(); }).message(), HasSubstr("has no column \"player_id\""));
  session.query("ALTER TABLE players ADD COLUMN player_id text");
  EXPECT_THAT(error_of([&] { work(); }).message(),
              HasSubstr("the key \"player_id\" is text; batches need whole numbers"));
}

}  // namespace
}  // namespace scalectl
