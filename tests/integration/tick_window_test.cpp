// Once per window: the slot, its token, missed windows, clocks that step back, and who else is at
// it.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <atomic>
#include <map>
#include <mutex>
#include <thread>

#include "pg/identifier.hpp"
#include "support/stopper.hpp"
#include "support/thrown.hpp"
#include "support/waiting.hpp"
#include "support/windows.hpp"
#include "tick/slot.hpp"

namespace scalectl {
namespace {

using core::Error;
using core::ErrorKind;
using core::Seconds;
using core::Verdict;
using test::error_of;
using test::metric;
using test::text_of;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;
using tick::CatchUp;
using tick::OnHeld;
using tick::Strategy;

constexpr std::int64_t kSlot = 5'891'184;  // of noon, in windows of 300 s

class TickWindow : public test::TickWindows {
 protected:
  /// Holds a player's row, so that a tick has to wait for it.
  struct Blocker {
    explicit Blocker(test::Database& database) : session(database.connect()), tx(session.begin()) {
      tx.query("SELECT FROM players ORDER BY player_id DESC LIMIT 1 FOR UPDATE");
    }
    pg::Session session;
    pg::Transaction tx;
  };
};

TEST_F(TickWindow, SecondRunInTheSameWindow_DoesNothingAndSaysSo) {
  play(50);
  const core::Result first = run();
  EXPECT_EQ(text_of(first, "slot_state"), "worked");
  EXPECT_EQ(metric(first, "rows"), "50");
  EXPECT_EQ(metric(first, "slot"), std::to_string(kSlot));
  EXPECT_EQ(metric(first, "token"), "1");
  EXPECT_EQ(metric(first, "windows_missed"), "0");
  recorder.lines.clear();
  now = kNoon + kWindow - 1;
  for (const Strategy strategy : {Strategy::kSet, Strategy::kRows, Strategy::kBatched}) {
    const core::Result second = run({.strategy = strategy});
    EXPECT_EQ(second.verdict, Verdict::kPass);
    EXPECT_EQ(second.band, std::nullopt);
    EXPECT_EQ(text_of(second, "slot_state"), "already_done");
    EXPECT_EQ(metric(second, "rows"), "0");
    EXPECT_EQ(metric(second, "token"), "1");
    EXPECT_THAT(second.notes, ElementsAre("already done: the window of 2026-01-02T12:00:00.000Z "
                                          "(5m long) was worked under token 1"));
  }
  EXPECT_THAT(recorder.lines, Contains(StartsWith("INFO - tick stamina: already done")).Times(3));
  now = kNoon + kWindow;
  EXPECT_EQ(metric(run({.strategy = Strategy::kRows}), "token"), "2");
  EXPECT_EQ(ticks(), "2:50");
  EXPECT_EQ(slot(), fmt::format("{} 2 done", kSlot + 1));
  EXPECT_THAT(
      lines("SELECT concat_ws(' ', slot, token, window_s, rows) FROM scalectl.tick_runs"
            " ORDER BY run_id"),
      ElementsAre(fmt::format("{} 1 300 50", kSlot), fmt::format("{} 2 300 50", kSlot + 1)));
}

TEST_F(TickWindow, WithoutAWindow_RunsEachTime) {
  play(50);
  const tick::Definition stamina = tick::load(catalog, "stamina");
  for (int i = 0; i < 2; ++i) {
    const core::Result result = tick::run(session, stamina, {}, recorder);
    EXPECT_EQ(metric(result, "slot_state"), "");
  }
  EXPECT_EQ(ticks(), "2:50");
  EXPECT_EQ(scalar("SELECT count(*) FROM scalectl.tick_slots"), "0");
}

TEST_F(TickWindow, SameTickOfOtherTables_HasASlotOfItsOwn) {
  play(50);
  init(test::kAwkward);
  run();
  const core::Result other = run({.naming = pg::Naming(test::kAwkward, {})});
  EXPECT_EQ(text_of(other, "slot_state"), "worked");
  EXPECT_THAT(lines("SELECT target FROM scalectl.tick_slots ORDER BY target"),
              ElementsAre("\"Weird \"\"World\"\"; --\".\"players\"", "\"public\".\"players\""));
}

TEST_F(TickWindow, ClockSetBackAnHour_DoesNotTickTwice) {
  play(50);
  run();
  for (const double back : {300.0, 3600.0}) {
    now = kNoon - back + 10;
    const core::Result result = run();
    EXPECT_EQ(text_of(result, "slot_state"), "already_done");
    EXPECT_THAT(result.notes, ElementsAre(HasSubstr("the clock is behind")));
  }
  EXPECT_EQ(ticks(), "1:50");
  now = kNoon + kWindow;
  EXPECT_EQ(text_of(run(), "slot_state"), "worked");
}

// In Berlin, 2026-10-25 03:00 summer time is followed by 02:00 winter time.
TEST_F(TickWindow, DatabaseInBerlin_CountsWindowsInSecondsSince1970) {
  play(50);
  session.query("ALTER DATABASE " + pg::quote_identifier(database.name()) +
                " SET timezone = 'Europe/Berlin'");
  session = database.connect();
  ASSERT_EQ(scalar("SHOW timezone"), "Europe/Berlin");
  constexpr double kChange = 1'792'890'000;  // 2026-10-25T01:00:00Z
  ASSERT_EQ(scalar(fmt::format("SELECT to_char(to_timestamp({}), 'HH24:MI TZ')", kChange)),
            "02:00 CET");
  for (const double at : {kChange - 3600, kChange - 3300, kChange, kChange + 299, kChange + 300}) {
    now = at;
    run({.strategy = at == kChange ? Strategy::kBatched : Strategy::kSet});
  }
  EXPECT_EQ(ticks(), "4:50");
  session.query("DELETE FROM scalectl.tick_slots");
  tick::Options by_database{.window = Seconds(86'400)};
  const core::Result result =
      tick::run(session, tick::load(catalog, "stamina"), by_database, recorder);
  EXPECT_EQ(metric(result, "slot"),
            scalar("SELECT floor(extract(epoch FROM clock_timestamp()) / 86400)::bigint"));
}

TEST_F(TickWindow, MissedWindows_AreDoneAsCatchUpSays) {
  play(50);
  EXPECT_EQ(metric(run({.catch_up = CatchUp::kAll}), "windows_missed"), "0") << "the first run";
  now += 4 * kWindow;
  const core::Result last = run();
  EXPECT_EQ(metric(last, "windows_missed"), "3");
  EXPECT_EQ(metric(last, "windows_worked"), "1");
  EXPECT_THAT(last.notes, ElementsAre(HasSubstr("3 windows were missed; the last run stands")));
  EXPECT_EQ(ticks(), "2:50");
  now += 2 * kWindow;
  const core::Result none = run({.catch_up = CatchUp::kNone});
  EXPECT_EQ(metric(none, "windows_missed"), "1");
  EXPECT_THAT(none.notes, ElementsAre(HasSubstr("1 window was missed and dropped")));
  EXPECT_EQ(ticks(), "3:50");
  for (const Strategy strategy : {Strategy::kSet, Strategy::kBatched}) {
    now += 4 * kWindow;
    const core::Result all = run({.strategy = strategy, .catch_up = CatchUp::kAll});
    EXPECT_EQ(metric(all, "windows_missed"), "3");
    EXPECT_EQ(metric(all, "windows_worked"), "4");
    EXPECT_EQ(metric(all, "rows"), "200");
    EXPECT_THAT(all.notes, ElementsAre(HasSubstr("3 windows were missed and caught up with")));
  }
  EXPECT_EQ(ticks(), "11:50");
  EXPECT_THAT(lines(fmt::format("SELECT slot - {} || ' ' || token FROM scalectl.tick_runs"
                                " ORDER BY run_id OFFSET 3",
                                kSlot)),
              ElementsAre("7 4", "8 5", "9 6", "10 7", "11 8", "12 9", "13 10", "14 11"));
}

TEST_F(TickWindow, MoreMissedWindowsThanMayBeCaughtUp_AreRefused) {
  play(5);
  run();
  now += 10'002 * kWindow;
  const Error error = error_of([&] { run({.catch_up = CatchUp::kAll}); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_THAT(error.message(), HasSubstr("10001 windows were missed"));
  EXPECT_THAT(error.hint(), HasSubstr("--catch-up last"));
  EXPECT_EQ(ticks(), "1:5");
}

TEST_F(TickWindow, ErrorWhileCatchingUp_KeepsTheWindowsBefore) {
  play(50);
  run();
  now += 3 * kWindow;
  session.query(
      "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
      "  IF NEW.stamina > 2 * (1 + NEW.endurance / 10) THEN RAISE 'enough'; END IF; RETURN NEW;"
      " END $$;"
      "CREATE TRIGGER refuse BEFORE UPDATE ON players FOR EACH ROW EXECUTE FUNCTION refuse();");
  const Error error = error_of([&] { run({.catch_up = CatchUp::kAll}); });
  EXPECT_THAT(error.message(),
              AllOf(HasSubstr("enough"), HasSubstr("1 window was worked before it")));
  EXPECT_EQ(ticks(), "2:50");
  EXPECT_EQ(slot(), fmt::format("{} 2 done", kSlot + 1));
}

TEST_F(TickWindow, WindowOfAnotherLength_BeginsWhereTheLastOneEnded) {
  play(50);
  run();  // 12:00 to 12:05
  const auto with = [&](double window, double at) {
    now = at;
    return text_of(run({.window = Seconds(window)}), "slot_state");
  };
  EXPECT_EQ(with(3600, kNoon + 400), "already_done") << "begins at 12:00, which is done";
  EXPECT_EQ(with(60, kNoon + 299), "already_done");
  EXPECT_EQ(with(60, kNoon + 300), "worked");
  EXPECT_EQ(with(300, kNoon + 359), "already_done");
  EXPECT_EQ(with(0.25, kNoon + 360), "worked");
  EXPECT_EQ(with(0.25, kNoon + 360.2), "already_done");
  EXPECT_EQ(with(0.25, kNoon + 360.25), "worked");
  EXPECT_EQ(with(3600, kNoon + 3600), "worked");
  EXPECT_EQ(ticks(), "5:50");
}

TEST_F(TickWindow, WindowInTheWay_IsAWarningWithAStatementThatEndsIt) {
  play(50);
  const auto free_as_told = [&](const core::Result& blocked) {
    const std::string& note = blocked.notes.at(0);
    session.query(note.substr(note.find("UPDATE scalectl.tick_slots")));
  };
  run({.window = Seconds(30 * 86'400)});
  const core::Result longer = run();
  EXPECT_EQ(longer.verdict, Verdict::kWarn);
  EXPECT_EQ(text_of(longer, "slot_state"), "already_done");
  EXPECT_THAT(longer.notes,
              ElementsAre(AllOf(HasSubstr("(30d long) was worked under token 1"),
                                HasSubstr("windows of 5m are worked again from 2026-01-"))));
  EXPECT_THAT(recorder.lines, Contains(StartsWith("WARNING - tick stamina: already done")));
  free_as_told(longer);
  EXPECT_EQ(text_of(run(), "slot_state"), "worked");
  EXPECT_EQ(run().verdict, Verdict::kPass);

  now = kNoon - kWindow - 10;  // the clock was ahead once
  const core::Result ahead = run();
  EXPECT_EQ(ahead.verdict, Verdict::kWarn);
  EXPECT_THAT(ahead.notes, ElementsAre(HasSubstr("from 2026-01-02T12:05:00.000Z on")));
  free_as_told(ahead);
  EXPECT_EQ(metric(run(), "token"), "3");
  EXPECT_EQ(ticks(), "3:50");
}

TEST_F(TickWindow, TenAtOnce_WorkExactlyOnce) {
  play(200);
  const tick::Definition stamina = tick::load(catalog, "stamina");
  for (const Strategy strategy : {Strategy::kSet, Strategy::kBatched}) {
    for (const OnHeld on_held : {OnHeld::kSkip, OnHeld::kWait}) {
      std::map<std::string, int> states;
      std::mutex mutex;
      {
        std::vector<std::jthread> runs;
        for (int i = 0; i < 10; ++i) {
          runs.emplace_back([&] {
            pg::Session own = database.connect();
            test::Recorder silent;
            const core::Result result = tick::run(
                own, stamina, options({.strategy = strategy, .on_held = on_held}), silent);
            const std::lock_guard lock(mutex);
            ++states[text_of(result, "slot_state")];
          });
        }
      }
      EXPECT_EQ(states["worked"], 1);
      EXPECT_EQ(states["held"] + states["already_done"], 9);
      EXPECT_TRUE(on_held == OnHeld::kSkip || states["held"] == 0);
      now += kWindow;
    }
  }
  EXPECT_EQ(ticks(), "4:200");
  EXPECT_EQ(scalar("SELECT count(*) FROM scalectl.tick_runs"), "4");
}

/// The advisory lock only tells others early: the slot's row is what guarantees.
TEST_F(TickWindow, WithoutTheAdvisoryLock_TheSlotStillAdmitsOne) {
  play(50);
  pg::Session other = database.connect();
  pg::Transaction first = session.begin();
  const tick::SlotKey key{.tick = "stamina", .target = "\"public\".\"players\""};
  const tick::Wish wish{.window = tick::Window(Seconds(kWindow)),
                        .catch_up = CatchUp::kLast,
                        .strategy = Strategy::kSet,
                        .params = "{}",
                        .now = std::nullopt};
  EXPECT_EQ(claim(first, key, wish, options()).state, tick::SlotState::kWorked);
  std::atomic<bool> done = false;
  tick::SlotState second{};
  std::jthread rival([&] {
    pg::Transaction tx = other.begin();
    second = claim(tx, key, wish, options()).state;
    done = true;
  });
  pg::Session watcher = database.connect();
  EXPECT_TRUE(test::comes_true(
      [&] { return test::scalar(watcher, "SELECT " + test::kSomebodyIsBlocked) == "t"; }));
  EXPECT_FALSE(done);
  first.commit();
  rival.join();
  EXPECT_EQ(second, tick::SlotState::kAlreadyDone);
}

TEST_F(TickWindow, RunWhileAnotherIsAtWork_DoesWhatOnHeldSays) {
  play(50);
  Blocker blocker(database);
  const tick::Definition stamina = tick::load(catalog, "stamina");
  core::Result worked;
  std::jthread first([&] {
    pg::Session own = database.connect();
    test::Recorder silent;
    worked = tick::run(own, stamina, options(), silent);
  });
  ASSERT_TRUE(
      test::comes_true([&] { return scalar("SELECT " + test::kSomebodyIsBlocked) == "t"; }));
  const std::string pid = scalar(
      "SELECT pid FROM pg_stat_activity WHERE pg_blocking_pids(pid) <> '{}'"
      " AND datname = current_database()");
  for (const Strategy strategy : {Strategy::kSet, Strategy::kBatched}) {
    const core::Result skipped = run({.strategy = strategy});
    EXPECT_EQ(skipped.verdict, Verdict::kPass);
    EXPECT_EQ(text_of(skipped, "slot_state"), "held");
    EXPECT_EQ(metric(skipped, "rows"), "0");
    EXPECT_THAT(skipped.notes, ElementsAre(AllOf(HasSubstr("another run is at work"),
                                                 HasSubstr("pid " + pid), HasSubstr("since 2"))));
    const Error failed = error_of([&] { run({.strategy = strategy, .on_held = OnHeld::kFail}); });
    EXPECT_EQ(failed.kind(), ErrorKind::kBusy);
    EXPECT_THAT(failed.message(), AllOf(HasSubstr("pid " + pid), HasSubstr("since 2")));
    const Error timed_out = error_of([&] {
      run({.strategy = strategy, .lock_timeout = Seconds(0.1), .on_held = OnHeld::kWait});
    });
    EXPECT_EQ(timed_out.kind(), ErrorKind::kBusy);
    EXPECT_THAT(timed_out.message(), HasSubstr("still at work after 100ms: pid " + pid));
  }
  core::Result waited;
  std::jthread waiter([&] {
    pg::Session own = database.connect();
    test::Recorder silent;
    waited = tick::run(own, stamina, options({.on_held = OnHeld::kWait}), silent);
  });
  blocker.tx.commit();
  first.join();
  waiter.join();
  EXPECT_EQ(text_of(worked, "slot_state"), "worked");
  EXPECT_EQ(text_of(waited, "slot_state"), "already_done");
  EXPECT_EQ(ticks(), "1:50");
}

TEST_F(TickWindow, RowThatStaysLocked_DoesNotConsumeTheWindow) {
  play(50);
  {
    Blocker blocker(database);
    for (const Strategy strategy : {Strategy::kSet, Strategy::kRows}) {
      const Error error =
          error_of([&] { run({.strategy = strategy, .lock_timeout = Seconds(0.1)}); });
      EXPECT_EQ(error.kind(), ErrorKind::kBusy);
    }
  }
  EXPECT_EQ(ticks(), "0:50");
  EXPECT_EQ(scalar("SELECT count(*) FROM scalectl.tick_slots"), "0");
  EXPECT_EQ(text_of(run(), "slot_state"), "worked");
  EXPECT_EQ(ticks(), "1:50");
}

TEST_F(TickWindow, StopRollsTheClaimBackToo) {
  play(1500);
  test::Stopper stopper("stamina", 500);
  pg::Session mine = database.connect(stopper.token());
  const core::Result result = tick::run(mine, tick::load(catalog, "stamina"),
                                        options({.strategy = Strategy::kRows}), stopper);
  EXPECT_TRUE(result.interrupted);
  EXPECT_EQ(text_of(run(), "slot_state"), "worked");
  EXPECT_EQ(ticks(), "1:1500");
}

TEST_F(TickWindow, WithoutTheBookkeeping_IsRefused) {
  play(5);
  const Error error = error_of([&] { run({.record = false}); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_THAT(error.message(), HasSubstr("--window needs the bookkeeping"));
  EXPECT_EQ(ticks(), "0:5");
}

/// The epoch layout as far as the tick sees it.
class TickEpoch : public TickWindow {
 protected:
  TickEpoch() {
    play(50);
    session.query(
        "CREATE TABLE regen_epoch (tick text PRIMARY KEY, epoch bigint NOT NULL, bonus int NOT "
        "NULL,"
        "  advanced_at timestamptz NOT NULL);"
        "INSERT INTO regen_epoch VALUES ('stamina', 7, 2, now())");
  }
};

TEST_F(TickEpoch, AdvancesOneRowOncePerWindow) {
  const tick::Options two{.strategy = Strategy::kEpoch, .parameters = {{"bonus", "2"}}};
  const core::Result first = run(two);
  EXPECT_EQ(metric(first, "rows"), "1");
  EXPECT_EQ(metric(first, "statements"), "1");
  EXPECT_THAT(recorder.lines, ElementsAre(StartsWith("INFO - Advanced the stamina epoch")));
  EXPECT_EQ(text_of(run(two), "slot_state"), "already_done");
  EXPECT_EQ(scalar("SELECT epoch FROM regen_epoch"), "8");
  EXPECT_EQ(ticks(), "0:50");
}

TEST_F(TickEpoch, AnotherBonusThanTheLayouts_IsRefusedAndConsumesNothing) {
  const Error error = error_of([&] { run({.strategy = Strategy::kEpoch}); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_EQ(error.message(), "tick stamina: no epoch fits the parameters {\"bonus\":1}");
  EXPECT_EQ(scalar("SELECT epoch FROM regen_epoch"), "7");
  EXPECT_EQ(scalar("SELECT count(*) FROM scalectl.tick_slots"), "0");
}

TEST_F(TickEpoch, StrategiesThatTheLayoutRulesOut_AreRefused) {
  for (const Strategy strategy : {Strategy::kSet, Strategy::kRows, Strategy::kBatched}) {
    const Error error = error_of([&] { run({.strategy = strategy}); });
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.message(), HasSubstr("the tables have the epoch layout"));
  }
  session.query("DROP TABLE regen_epoch");
  const Error error = error_of([&] { run({.strategy = Strategy::kEpoch}); });
  EXPECT_THAT(error.message(), HasSubstr("there is no table \"regen_epoch\""));
  EXPECT_THAT(error.hint(), HasSubstr("--layout epoch"));
  EXPECT_EQ(ticks(), "0:50");
}

}  // namespace
}  // namespace scalectl
