// demo: the whole story, and what an interruption leaves of it.
#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>

#include "process/files.hpp"
#include "support/database.hpp"
#include "support/json.hpp"
#include "support/lab_home.hpp"
#include "support/running.hpp"

namespace scalectl::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

class Demo : public testing::Test {
 protected:
  LabHome home_;

  void expect_nothing_left() const {
    EXPECT_THAT(processes_in(home_.path()), IsEmpty());
    EXPECT_FALSE(fs::exists(home_.path()));
  }
};

TEST_F(Demo, Interrupted_LeavesNothingBehind) {
  Running running({"demo", "--format", "json"}, home_.environment());
  // In the midst of the trials: a session works in the demo's lab.
  ASSERT_TRUE(eventually([&] {
    for (const std::string& name : lab::list(home_.path())) {
      const lab::Lab lab = home_.lab(name);
      if (!lab.exists()) continue;
      pg::Session session(lab.postgres(), "scalectl test");
      if (scalar(session,
                 "SELECT count(*) > 0 FROM pg_stat_activity WHERE state = 'active'"
                 " AND application_name LIKE 'scalectl demo%'") == "t") {
        return true;
      }
    }
    return false;
  }));
  running.signal(SIGINT);
  const Outcome outcome = running.wait();
  EXPECT_EQ(outcome.code, 130) << outcome.err;
  expect_nothing_left();
}

TEST_F(Demo, Complete_ComparesSeedsFiguresWithMeasuredOnes) {
  const std::string file = home_.beside().path() + "/demo.json";
  const Outcome outcome = home_.scalectl({"demo", "--format", "json", "-o", file});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  const core::Value result = json(process::read_file(file));
  EXPECT_EQ(text_at(result, "command"), "demo");
  EXPECT_FALSE(at(result, "environment.postgres").is_null());
  EXPECT_FALSE(at(result, "environment.redis").is_null());

  const auto& comparison = *at(result, "tables.performance_comparison").if_array();
  ASSERT_EQ(comparison.size(), 4U);  // stamina, combat, decay, total
  for (const core::Value& row : comparison) {
    EXPECT_FALSE(text_at(row, "seed_before").empty());
    EXPECT_FALSE(text_at(row, "seed_after").empty());
    EXPECT_GT(at(row, "before_s").number(), 0);
    EXPECT_GT(at(row, "after_s").number(), 0);
  }
  int measured = 0;
  for (const core::Value& row : *at(result, "tables.scaling_projection").if_array()) {
    if (at(row, "before_s").is_null()) continue;
    ++measured;
    EXPECT_GT(at(row, "improvement_ratio").number(), 1)
        << integer_at(row, "players") << " players: one statement is no faster than one per row";
  }
  EXPECT_EQ(measured, 3);
  EXPECT_GE(at(result, "notes").if_array()->size(), 4U);
  expect_nothing_left();
}

}  // namespace
}  // namespace scalectl::test
