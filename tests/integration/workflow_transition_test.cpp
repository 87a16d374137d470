// Moves of steps and tasks: the legal ones, the refused ones, and sixteen clients at once.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <array>
#include <atomic>
#include <set>
#include <thread>

#include "core/rng.hpp"
#include "support/tasker.hpp"
#include "support/thrown.hpp"
#include "support/waiting.hpp"
#include "support/workflow.hpp"
#include "workflow/check.hpp"
#include "workflow/transition.hpp"

namespace scalectl {
namespace {

using core::Error;
using core::ErrorKind;
using test::error_of;
using test::metric;
using testing::AllOf;
using testing::HasSubstr;
using workflow::Kind;

struct WorkflowTransition : test::WorkflowTest {
  core::Result move(Kind kind, std::int64_t id, const std::string& to,
                    const std::optional<std::string>& from = std::nullopt) {
    return workflow::transition(session, naming,
                                {.kind = kind, .id = id, .to_state = to, .expected_state = from});
  }
  /// Task 1 with a step for each of `states`, from id 1; "" has no transitions.
  void make_steps(const std::vector<std::string>& states) {
    std::vector<test::TaskerStep> steps;
    for (const std::string& state : states) {
      steps.push_back({.id = std::ssize(steps) + 1, .task = 1});
      if (!state.empty()) steps.back().history = {{state, 60}};
    }
    pg::Transaction tx = session.begin();
    store(tx, 1, steps);
    tx.commit();
  }
  /// Sixteen clients on eight steps; tests that no move is lost.
  void race();
  std::string history(std::int64_t step) {
    return scalar(fmt::format(
        "SELECT string_agg(concat_ws(' ', sort_key, coalesce(from_state, '-'), to_state,"
        "  most_recent), ', ' ORDER BY sort_key) FROM tasker_workflow_step_transitions"
        " WHERE workflow_step_id = {}",
        step));
  }
  std::string columns(std::int64_t step) {
    return scalar(fmt::format(
        "SELECT concat_ws(' ', in_process, processed, processed_at IS NOT NULL,"
        "  coalesce(attempts::text, 'NULL'), last_attempted_at > now() AT TIME ZONE 'UTC'"
        "    - interval '1 minute') FROM tasker_workflow_steps WHERE workflow_step_id = {}",
        step));
  }
};

TEST_F(WorkflowTransition, OfASuccessfulStep_WritesRowsAndColumns) {
  make_steps({""});
  const core::Result begun = move(Kind::kStep, 1, "in_progress");
  EXPECT_EQ(metric(begun, "from_state"), "\"pending\"");
  EXPECT_EQ(metric(begun, "sort_key"), "10");
  EXPECT_EQ(columns(1), "t f f 1 t");
  EXPECT_EQ(metric(move(Kind::kStep, 1, "complete"), "sort_key"), "20");
  EXPECT_EQ(columns(1), "f t t 1 t");
  EXPECT_EQ(history(1), "10 - in_progress f, 20 in_progress complete t");
}

TEST_F(WorkflowTransition, OfAStepThatFailsAndIsRetried_CountsAttempts) {
  make_steps({"pending"});
  for (const char* state : {"in_progress", "error", "pending", "in_progress"}) {
    move(Kind::kStep, 1, state);
  }
  EXPECT_EQ(columns(1), "t f f 2 t");
  EXPECT_EQ(history(1),
            "10 - pending f, 20 pending in_progress f, 30 in_progress error f,"
            " 40 error pending f, 50 pending in_progress t");
  move(Kind::kStep, 1, "error");
  move(Kind::kStep, 1, "resolved_manually");
  EXPECT_EQ(columns(1), "f t t 2 t");
}

TEST_F(WorkflowTransition, OfATask_KeepsItsColumnComplete) {
  make_steps({""});
  const auto complete = [&] { return scalar("SELECT complete FROM tasker_tasks"); };
  move(Kind::kTask, 1, "in_progress");
  move(Kind::kTask, 1, "pending");
  move(Kind::kTask, 1, "in_progress");
  EXPECT_EQ(complete(), "f");
  move(Kind::kStep, 1, "resolved_manually");
  move(Kind::kTask, 1, "complete");
  EXPECT_EQ(complete(), "t");
}

// Tasker guards both moves beyond its state machine.
TEST_F(WorkflowTransition, OfAStepBeforeItsParents_IsRefusedWithThem) {
  make_steps({"in_progress", "complete", "resolved_manually", "pending"});
  session.query(
      "INSERT INTO tasker_workflow_step_edges (from_step_id, to_step_id, name)"
      " SELECT parent, 4, 'provides' FROM generate_series(1, 3) AS parent");
  const Error error = error_of([&] { move(Kind::kStep, 4, "in_progress"); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_EQ(error.message(), "step 4 waits for 1 of its parents: it cannot become in_progress");
  EXPECT_THAT(error.hint(), HasSubstr("step 1 (in_progress)"));
  EXPECT_EQ(history(4), "10 - pending t");
  EXPECT_EQ(columns(4), "f f f NULL");
  move(Kind::kStep, 1, "complete");
  move(Kind::kStep, 4, "in_progress");
}

TEST_F(WorkflowTransition, OfATaskBeforeItsSteps_IsRefusedWithThem) {
  make_steps({"complete", "resolved_manually", "cancelled", "in_progress", ""});
  move(Kind::kTask, 1, "in_progress");
  const Error error = error_of([&] { move(Kind::kTask, 1, "complete"); });
  EXPECT_EQ(error.message(), "task 1 has 2 unfinished steps: it cannot become complete");
  EXPECT_THAT(error.hint(), HasSubstr("step 4 (in_progress), 5 (pending)"));
  EXPECT_EQ(scalar("SELECT complete FROM tasker_tasks"), "f");
  move(Kind::kStep, 4, "complete");
  move(Kind::kStep, 5, "cancelled");
  move(Kind::kTask, 1, "complete");
}

TEST_F(WorkflowTransition, OfAStepInAnUnknownState_SaysSo) {
  make_steps({"flying"});
  EXPECT_EQ(error_of([&] { move(Kind::kStep, 1, "complete"); }).message(),
            "step 1 is flying, which is no state: it cannot become complete");
}

// Every pair of states, for steps: seed 002's facts say which are legal.
TEST_F(WorkflowTransition, OfSteps_EveryPairOfStatesIsMadeOrRefused) {
  const std::vector<std::string> states{"pending", "in_progress", "complete",
                                        "error",   "cancelled",   "resolved_manually"};
  const std::set<std::string> legal{
      "pending in_progress",       "pending error",        "pending cancelled",
      "pending resolved_manually", "in_progress complete", "in_progress error",
      "in_progress cancelled",     "error pending",        "error resolved_manually"};
  std::vector<std::string> steps;
  for (const std::string& from : states) steps.insert(steps.end(), states.size(), from);
  make_steps(steps);
  std::int64_t id = 0;
  for (const std::string& from : states) {
    for (const std::string& to : states) {
      ++id;
      if (legal.count(from + " " + to) == 1) {
        move(Kind::kStep, id, to);
        EXPECT_EQ(history(id), fmt::format("10 - {0} f, 20 {0} {1} t", from, to));
        continue;
      }
      const std::string before = columns(id);
      const Error error = error_of([&] { move(Kind::kStep, id, to); });
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      EXPECT_EQ(error.message(), fmt::format("step {} is {}: it cannot become {}", id, from, to));
      EXPECT_NE(error.hint(), "");
      EXPECT_EQ(history(id), fmt::format("10 - {} t", from));
      EXPECT_EQ(columns(id), before);
    }
  }
}

TEST_F(WorkflowTransition, Illegal_NamesTheLegalOnes) {
  make_steps({"pending", "complete"});
  EXPECT_EQ(error_of([&] { move(Kind::kStep, 1, "complete"); }).hint(),
            "from pending it can become in_progress, error, cancelled, resolved_manually");
  EXPECT_EQ(error_of([&] { move(Kind::kStep, 2, "pending"); }).hint(), "complete is a final state");
}

TEST_F(WorkflowTransition, UnknownIdOrState_IsRefused) {
  make_steps({"pending"});
  const Error step = error_of([&] { move(Kind::kStep, 99, "error"); });
  EXPECT_EQ(step.message(), "there is no step 99");
  EXPECT_EQ(step.hint(), "looked in \"tasker_workflow_steps\"");
  EXPECT_EQ(error_of([&] { move(Kind::kTask, 99, "error"); }).message(), "there is no task 99");
  const Error state = error_of([&] { move(Kind::kStep, 1, "completed"); });
  EXPECT_EQ(state.message(), "there is no state \"completed\"");
  EXPECT_EQ(state.hint(), "did you mean \"complete\"?");
  EXPECT_EQ(error_of([&] { move(Kind::kStep, 1, "error", "panding"); }).hint(),
            "did you mean \"pending\"?");
  EXPECT_EQ(history(1), "10 - pending t");
}

TEST_F(WorkflowTransition, FromAnotherStateThanExpected_IsRefused) {
  make_steps({"pending"});
  const Error error = error_of([&] { move(Kind::kStep, 1, "error", "in_progress"); });
  EXPECT_THAT(error.message(), AllOf(HasSubstr("step 1 is pending"), HasSubstr("in_progress")));
  EXPECT_EQ(history(1), "10 - pending t");
  move(Kind::kStep, 1, "in_progress", "pending");
  EXPECT_EQ(history(1), "10 - pending f, 20 pending in_progress t");
}

TEST_F(WorkflowTransition, OfAStepWithTwoMostRecent_IsRefusedWithTheRepair) {
  make_steps({"pending"});
  session.query("DROP INDEX " + lines("SELECT indexname FROM pg_indexes WHERE tablename ="
                                      " 'tasker_workflow_step_transitions' AND"
                                      " indexdef LIKE '%WHERE most_recent'")
                                    .at(0));
  session.query(
      "INSERT INTO tasker_workflow_step_transitions (workflow_step_id, to_state,"
      " from_state, sort_key) VALUES (1, 'in_progress', 'pending', 20)");
  const Error error = error_of([&] { move(Kind::kStep, 1, "error"); });
  EXPECT_EQ(error.message(), "step 1 has 2 most_recent transitions");
  EXPECT_THAT(error.hint(), HasSubstr("workflow check --repair"));
}

// A history whose newest row lost its mark: the next sort_key must not collide with it.
TEST_F(WorkflowTransition, OfAStepWithoutMostRecent_IsRefusedWithTheRepair) {
  make_steps({"pending"});
  session.query("UPDATE tasker_workflow_step_transitions SET most_recent = false");
  const Error error = error_of([&] { move(Kind::kStep, 1, "in_progress"); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_EQ(error.message(), "step 1 has 0 most_recent transitions");
  EXPECT_THAT(error.hint(), HasSubstr("workflow check --repair"));
  EXPECT_EQ(history(1), "10 - pending f");
}

TEST_F(WorkflowTransition, WhileAnotherClientHoldsTheStep_WaitsAndThenSeesItsMove) {
  make_steps({"pending"});
  pg::Session other = database.connect();
  pg::Transaction first = other.begin();
  first.query("SELECT FROM tasker_workflow_steps FOR NO KEY UPDATE");
  std::optional<Error> refused;
  std::jthread second([&] {
    try {
      move(Kind::kStep, 1, "in_progress");
    } catch (const Error& error) {
      refused = error;
    }
  });
  pg::Session watcher = database.connect();
  ASSERT_TRUE(test::comes_true([&] {
    return test::scalar(watcher,
                        "SELECT count(*) FROM pg_stat_activity WHERE datname ="
                        " current_database() AND wait_event_type = 'Lock'") == "1";
  }));
  first.query("UPDATE tasker_workflow_step_transitions SET most_recent = false");
  first.query(
      "INSERT INTO tasker_workflow_step_transitions (workflow_step_id, to_state,"
      " from_state, sort_key) VALUES (1, 'cancelled', 'pending', 20)");
  first.commit();
  second.join();
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->message(), "step 1 is cancelled: it cannot become in_progress");
}

/// What the clients of the hammer saw.
struct Tally {
  std::array<std::atomic<int>, 8> moved{};
  std::atomic<int> refused{0};
  std::atomic<int> other{0};
};

/// One client: random moves, most of them on the way round that has no end.
void hammer(pg::Session session, const pg::Naming& naming, std::uint64_t client, Tally& tally) {
  core::Rng rng(42, 7, client);
  const char* const round[] = {"in_progress", "error", "pending"};
  for (int i = 0; i < 60; ++i) {
    const std::uint64_t step = rng.below(8);
    const std::string to =
        rng.chance(0.03) ? workflow::states().at(rng.below(6)) : round[rng.below(3)];
    try {
      workflow::transition(session, naming,
                           {.id = static_cast<std::int64_t>(step) + 1, .to_state = to});
      ++tally.moved.at(step);
    } catch (const Error& error) {
      const bool illegal = error.kind() == ErrorKind::kUsage &&
                           error.message().find("cannot become") != std::string::npos;
      ++(illegal ? tally.refused : tally.other);
    }
  }
}

void WorkflowTransition::race() {
  make_steps(std::vector<std::string>(8));
  Tally tally;
  {
    std::vector<std::jthread> clients;
    for (std::uint64_t client = 0; client < 16; ++client) {
      clients.emplace_back([&, client, own = database.connect()]() mutable {
        hammer(std::move(own), naming, client, tally);
      });
    }
  }
  EXPECT_EQ(tally.other, 0);
  EXPECT_GT(tally.refused, 50);
  int moves = 0;
  for (std::size_t i = 0; i < tally.moved.size(); ++i) {
    const int moved = tally.moved.at(i);
    moves += moved;
    EXPECT_EQ(scalar(fmt::format("SELECT count(*) FROM tasker_workflow_step_transitions"
                                 " WHERE workflow_step_id = {}",
                                 i + 1)),
              std::to_string(moved));
  }
  EXPECT_GT(moves, 100);
  EXPECT_EQ(scalar("SELECT count(*) FROM (SELECT FROM tasker_workflow_step_transitions"
                   "  GROUP BY workflow_step_id HAVING count(*) FILTER (WHERE most_recent) = 1) s"),
            "8");
  EXPECT_EQ(scalar("SELECT count(*) FROM (SELECT sort_key, from_state, most_recent,"
                   "   row_number() OVER history AS nr, lag(to_state) OVER history AS before,"
                   "   lead(id) OVER history AS next FROM tasker_workflow_step_transitions"
                   "  WINDOW history AS (PARTITION BY workflow_step_id ORDER BY sort_key)) h"
                   " WHERE sort_key <> 10 * nr OR from_state IS DISTINCT FROM before"
                   "    OR most_recent <> (next IS NULL)"),
            "0");
  EXPECT_EQ(scalar("SELECT count(*) FROM tasker_workflow_steps s WHERE coalesce(attempts, 0) <>"
                   " (SELECT count(*) FROM tasker_workflow_step_transitions t WHERE"
                   "  t.workflow_step_id = s.workflow_step_id AND to_state = 'in_progress')"),
            "0");
  EXPECT_EQ(metric(workflow::check(session, naming, false, recorder), "findings"), "0");
}

TEST_F(WorkflowTransition, SixteenClientsRacingOnEightSteps_LoseNoMove) { race(); }

TEST_F(WorkflowTransition, SixteenClientsRacingOnPartitionedTransitions_LoseNoMove) {
  partition();
  race();
  EXPECT_EQ(scalar("SELECT count(*) FROM tasker_workflow_step_transitions_current"), "8");
}


}  // namespace
}  // namespace scalectl
