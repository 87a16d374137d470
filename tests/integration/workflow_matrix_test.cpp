// The golden matrix: every case of step readiness against the rules, on each version of the views.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>

#include "support/thrown.hpp"
#include "support/workflow.hpp"
#include "support/workflow_cases.hpp"

namespace scalectl {
namespace {

using test::Case;
using test::Faults;
using testing::HasSubstr;

/// A fault and how many cases it alone gets wrong.
struct Reason {
  const char* name;
  Faults fault;
};

struct WorkflowMatrix : test::WorkflowTest {
  std::vector<Case> cases = test::every_case();
  test::Matrix matrix = test::matrix_of(cases);

  /// The rows of `source` by case, as expected() writes them; "" for a case that has none.
  std::vector<std::string> rows_of(pg::Transaction& tx, const std::string& source,
                                   const std::string& where = "true") {
    const pg::Rows rows = tx.query(fmt::format(
        "SELECT workflow_step_id AS id, concat_ws(' ', current_state, dependencies_satisfied,"
        "  retry_eligible, ready_for_execution,"
        "  coalesce(trim_scale(extract(epoch FROM next_retry_at - now() AT TIME ZONE 'UTC'))::text,"
        "           'none'), total_parents, completed_parents) AS line"
        " FROM {} WHERE workflow_step_id <= {} AND ({})",
        source, cases.size(), where));
    std::vector<std::string> lines(cases.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      lines[static_cast<std::size_t>(rows.integer(i, "id")) - 1] = rows.text(i, "line");
    }
    return lines;
  }
  std::string every_task() const {
    return fmt::format("ARRAY(SELECT generate_series(1, {}))::bigint[]", matrix.tasks);
  }
  /// Seconds by which the session's zone takes stored times to be later than they are.
  static std::int64_t zone_shift_s(pg::Transaction& tx, const std::string& zone) {
    tx.query("SET LOCAL TimeZone = " + pg::quote_literal(zone));
    return tx.query("SELECT -extract(timezone FROM now())::bigint AS shift").integer(0, "shift");
  }
  /// The cases whose line differs from the one expected, in words; at most ten.
  std::vector<std::string> differences(const std::vector<std::string>& lines,
                                       const Faults& faults) {
    std::vector<std::string> found;
    for (std::size_t i = 0; i < cases.size() && found.size() < 10; ++i) {
      const std::string wanted = test::expected(cases[i], faults);
      if (lines[i] == wanted) continue;
      found.push_back(
          fmt::format("{}: expected \"{}\", got \"{}\" (state, dependencies, eligible,"
                      " ready, retry in s, parents, completed)",
                      test::in_words(cases[i]), wanted, lines[i]));
    }
    return found;
  }
  /// Records and returns how many cases each fault alone gets wrong, and how many `all` do
  /// together.
  int count_wrong(const std::string& view, const std::vector<Reason>& reasons, const Faults& all) {
    const auto wrong_with = [&](const Faults& faults) {
      return static_cast<int>(std::count_if(cases.begin(), cases.end(), [&](const Case& step) {
        return test::expected(step, faults) != test::expected(step);
      }));
    };
    for (const Reason& reason : reasons) {
      const int wrong = wrong_with(reason.fault);
      EXPECT_GT(wrong, 0) << view << " " << reason.name;
      RecordProperty(view + "_" + reason.name, wrong);
    }
    RecordProperty(view + "_wrong", wrong_with(all));
    return wrong_with(all);
  }
};

TEST_F(WorkflowMatrix, HoldsEveryCombinationOnce) {
  // States with a history of failures (none, 1 s, 1 h): five; none and error have fewer.
  EXPECT_EQ(cases.size(), (1 + 5 * 3 + 2) * 6 * 7 * 3 * 2 * 3 * 2 * 2);
}

TEST_F(WorkflowMatrix, V3sViewAndFunction_AreRightInEveryCaseInEveryTimeZone) {
  install(3);
  pg::Transaction tx = session.begin();
  store(tx, matrix.tasks, matrix.steps);
  for (const char* zone : {"UTC", "Asia/Tokyo", "America/Los_Angeles"}) {
    zone_shift_s(tx, zone);
    EXPECT_THAT(differences(rows_of(tx, "tasker_step_readiness_statuses"), {}), testing::IsEmpty())
        << "the view, in " << zone;
    EXPECT_THAT(
        differences(rows_of(tx, fmt::format("tasker_step_readiness_for_tasks({})", every_task())),
                    {}),
        testing::IsEmpty())
        << "the function, in " << zone;
  }
}

TEST_F(WorkflowMatrix, V3WithoutBackoff_WaitsForNothingElseThanBackoff) {
  install(3);
  std::erase_if(cases, [](const Case& step) { return step.failure_age_s == 3600; });
  matrix = test::matrix_of(cases);
  pg::Transaction tx = session.begin();
  store(tx, matrix.tasks, matrix.steps);
  tx.query("SET LOCAL scalectl.no_backoff = on");
  // With every stored time taken to be a day earlier, each backoff has elapsed.
  const Faults elapsed{.zone_shift_s = -86'400};
  EXPECT_THAT(differences(rows_of(tx, "tasker_step_readiness_statuses"), elapsed),
              testing::IsEmpty());
  EXPECT_THAT(
      differences(rows_of(tx, fmt::format("tasker_step_readiness_for_tasks({})", every_task())),
                  elapsed),
      testing::IsEmpty());
}

// v1 and v2 are the seed's; the README lists what they get wrong. That the faults named below, and
// no others, account for every row shows that the list is complete.

TEST_F(WorkflowMatrix, V1_IsWrongForTheseReasonsAndNoOthers) {
  install(1);
  const Faults all{.null_attempts = true,
                   .ready_ignores_retryable = true,
                   .eligible_ignores_retryable = true,
                   .failures_unseen = true,
                   .error_never_ready = true,
                   .ignores_flags = true,
                   .explicit_needs_attempt = true,
                   .explicit_needs_failure = true};
  pg::Transaction tx = session.begin();
  store(tx, matrix.tasks, matrix.steps);
  EXPECT_THAT(differences(rows_of(tx, "tasker_step_readiness_statuses"), all), testing::IsEmpty());
  EXPECT_GT(count_wrong("v1",
                        {{"null_attempts", {.null_attempts = true}},
                         {"ready_ignores_retryable", {.ready_ignores_retryable = true}},
                         {"eligible_ignores_retryable", {.eligible_ignores_retryable = true}},
                         {"failures_unseen", {.failures_unseen = true}},
                         {"error_never_ready", {.error_never_ready = true}},
                         {"in_process_and_processed_ignored", {.ignores_flags = true}},
                         {"explicit_needs_attempt", {.explicit_needs_attempt = true}},
                         {"explicit_needs_failure", {.explicit_needs_failure = true}}},
                        all),
            0);
  // The failure that is lost once a step was reset for its retry, which v2 mended.
  const auto lost = std::count_if(cases.begin(), cases.end(), [](const Case& step) {
    return step.state == "pending" && step.failure_age_s &&
           test::expected(step, {.failures_unseen = true}) != test::expected(step);
  });
  EXPECT_GT(lost, 0);
  RecordProperty("v1_failure_lost_after_a_reset", static_cast<int>(lost));
}

/// Whether v2 works out a power of two for this step: it overflows an interval from 44 on.
bool overflows(const Case& step) {
  return step.failure_age_s && step.attempts.value_or(0) >= 44 &&
         step.backoff == test::Backoff::kNone;
}

TEST_F(WorkflowMatrix, V2_IsWrongForTheseReasonsAndNoOthers) {
  install(2);
  Faults all{.null_attempts = true,
             .ready_ignores_retryable = true,
             .explicit_needs_attempt = true,
             .explicit_needs_failure = true};
  std::erase_if(cases, overflows);
  matrix = test::matrix_of(cases);
  pg::Transaction tx = session.begin();
  store(tx, matrix.tasks, matrix.steps);
  const std::string view = "tasker_step_readiness_statuses";
  EXPECT_THAT(differences(rows_of(tx, view), all), testing::IsEmpty());
  const int wrong = count_wrong("v2",
                                {{"null_attempts", {.null_attempts = true}},
                                 {"ready_ignores_retryable", {.ready_ignores_retryable = true}},
                                 {"explicit_needs_attempt", {.explicit_needs_attempt = true}},
                                 {"explicit_needs_failure", {.explicit_needs_failure = true}}},
                                all);
  EXPECT_GT(wrong, 0);
  for (const auto& [zone, name] :
       {std::pair{"Asia/Tokyo", "tokyo"}, {"America/Los_Angeles", "los_angeles"}}) {
    all.zone_shift_s = zone_shift_s(tx, zone);
    EXPECT_GT(std::abs(all.zone_shift_s), 3600) << zone;
    EXPECT_THAT(differences(rows_of(tx, view), all), testing::IsEmpty()) << zone;
    count_wrong(std::string("v2_in_") + name, {{"zone", {.zone_shift_s = all.zone_shift_s}}}, all);
  }
}

TEST_F(WorkflowMatrix, OneStepWith44Attempts_FailsTheWholeOfV2AndNothingOfV1AndV3) {
  RecordProperty("v2_interval_overflow",
                 static_cast<int>(std::count_if(cases.begin(), cases.end(), overflows)));
  const Case failed{.state = "error", .retry_limit = 2000, .failure_age_s = 1};
  cases = {{.state = "pending", .attempts = 0}, failed, failed};
  cases[1].attempts = 43;
  cases[2].attempts = 44;
  EXPECT_EQ(test::expected(cases[2]), "error t f f 29 0 0");
  matrix = test::matrix_of(cases);
  {
    pg::Transaction tx = session.begin();
    store(tx, matrix.tasks, matrix.steps);
    tx.commit();
  }
  const auto ask = [&](int version, int last) {
    install(version);
    session.query(
        fmt::format("SELECT * FROM tasker_step_readiness_statuses"
                    " WHERE workflow_step_id <= {}",
                    last));
  };
  EXPECT_NO_THROW(ask(1, 3));
  EXPECT_NO_THROW(ask(2, 2));
  EXPECT_THAT(test::error_of([&] { ask(2, 3); }).message(), HasSubstr("interval out of range"));
  EXPECT_NO_THROW(ask(3, 3));
}

}  // namespace
}  // namespace scalectl
