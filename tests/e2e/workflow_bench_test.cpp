// workflow bench through the binary: a tiny one, what it refuses, and that it leaves nothing
// behind.
#include <gmock/gmock.h>

#include <csignal>

#include "support/e2e.hpp"
#include "support/json.hpp"
#include "support/running.hpp"

namespace scalectl::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class WorkflowBench : public OnDatabase {
 protected:
  std::string databases() {
    return cell(
        "SELECT coalesce(string_agg(datname, ' ' ORDER BY 1), '') FROM pg_database"
        " WHERE datname LIKE 'scalectl\\_bench\\_%'");
  }
};

// Databases of the bench are the server's, so that its runs follow each other in one test.
TEST_F(WorkflowBench, Tiny_PrintsEveryTableAndLeavesNothingBehind) {
  const Outcome outcome =
      scalectl({"workflow", "bench", "--tasks", "50,100", "--repeats", "1", "--format", "json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const core::Value result = json(outcome.out);
  EXPECT_THAT(violations(result), IsEmpty()) << outcome.out;
  EXPECT_EQ(text_at(result, "command"), "workflow bench");
  EXPECT_EQ(integer_at(result, "metrics.tasks"), 100);
  EXPECT_GT(at(result, "metrics.readiness_s").number(), 0);
  EXPECT_EQ(at(result, "tables.readiness").if_array()->size(), 2U);
  EXPECT_EQ(integer_at(result, "tables.readiness.0.tasks"), 50);
  for (const char* setting : {"v1_none_s", "v2_seed_s", "v3_best_s"}) {
    for (const std::string table : {"readiness", "one_task"}) {
      EXPECT_GT(at(result, "tables." + table + ".1." + setting).number(), 0) << setting;
    }
  }
  EXPECT_EQ(at(result, "tables.queries").if_array()->size(), 5U * 9);
  EXPECT_EQ(at(result, "tables.index_cost").if_array()->size(), 3U);
  EXPECT_GT(at(result, "tables.index_cost.1.size_ratio").number(), 0);
  for (const std::string layout : {"0", "1", "2"}) {
    for (const char* key : {"readiness_s", "one_task_p95_s", "insert_s", "transition_s",
                            "readiness_bytes", "state_bytes"}) {
      EXPECT_GT(at(result, "tables.layouts." + layout + "." + key).number(), 0) << key;
    }
  }
  EXPECT_EQ(text_at(result, "tables.pruning.0.query"), "current state of a step");
  EXPECT_EQ(integer_at(result, "tables.pruning.0.partitions_read"), 1);
  EXPECT_EQ(databases(), "");

  Running running({"workflow", "bench", "--tasks", "20k", "--repeats", "100"}, environment());
  ASSERT_TRUE(eventually([&] { return databases() != ""; }));
  running.signal(SIGINT);
  const Outcome stopped = running.wait();
  EXPECT_EQ(stopped.code, 130) << stopped.err;
  EXPECT_EQ(databases(), "");
  EXPECT_EQ(everything(), "");
}

TEST_F(WorkflowBench, WithBadInput_IsRefusedBeforeItBegins) {
  const std::vector<std::pair<std::vector<std::string>, const char*>> cases{
      {{"--tasks", "0"}, "--tasks 0 is not 50 to 10M"},
      {{"--tasks", "100,49"}, "--tasks 49"},
      {{"--tasks", "100,"}, "--tasks"},
      {{"--tasks", "many"}, "many"},
      {{"--tasks", "50,50"}, "--tasks"},
      {{"--views", "v9"}, "v9"},
      {{"--views", ""}, "--views"},
      {{"--views", "v1,v1"}, "--views has 1 twice"},
      {{"--indexes", "bset"}, "did you mean \"best\"?"},
      {{"--indexes", "none,none"}, "none"},
      {{"--repeats", "0"}, "--repeats 0"},
      {{"--steps", "0"}, "--steps 0"},
      {{"--time-limit", "0s"}, "--time-limit"}};
  for (const auto& [more, message] : cases) {
    std::vector<std::string> arguments{"workflow", "bench"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = scalectl(arguments);
    EXPECT_TRUE(is_refusal(outcome, 2)) << more[0] << " " << more[1];
    EXPECT_THAT(outcome.err, HasSubstr(message));
  }
}

}  // namespace
}  // namespace scalectl::test
