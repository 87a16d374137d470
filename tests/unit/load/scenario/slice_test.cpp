#include "load/scenario/slice.hpp"

#include <gmock/gmock.h>

namespace scalectl::load::scenario {
namespace {

using core::kMillisecond;
using core::kSecond;

/// Two steps in two stages of 10 s each: "get" is HTTP and tagged, "join" is not.
Scenario two_stages() {
  Scenario scenario;
  scenario.steps = {{.name = "get", .tags = {0}, .timed = true}, {.name = "join", .timed = true}};
  scenario.tags = {"web"};
  scenario.stage_names = {"low", "high"};
  scenario.loads = {{.stages = {{.name = "low", .hold = 10 * kSecond, .users = 1},
                                {.name = "high", .hold = 10 * kSecond, .users = 5}}}};
  Population population{.name = "all"};
  population.flow.push_back({.id = 0, .action = HttpStep{}});
  population.flow.push_back({.id = 1, .action = JoinStep{}});
  scenario.populations = {population};
  return scenario;
}

/// A run in which every second sees one "get" and one "join" of so many milliseconds.
class Trial {
 public:
  Trial(const Scenario& scenario, const ScenarioThreshold& threshold)
      : scenario_(scenario), slice_(scenario, threshold) {}

  Trial& second(std::int64_t index, int get_ms, int join_ms) {
    Tally tally;
    const int stage = index < 10 ? 0 : 1;
    tally.flow.steps.at(cell(scenario_, stage, 0)).end(StepOutcome::kOk, get_ms * kMillisecond);
    tally.flow.steps.at(cell(scenario_, stage, 1)).end(StepOutcome::kOk, join_ms * kMillisecond);
    tally.latencies.fanout.record(join_ms * kMillisecond);
    tally.flow.iterations.scheduled = tally.flow.iterations.started = 1;
    slice_.take(index, tally);
    whole_.merge(tally);
    return *this;
  }
  Trial& seconds(std::int64_t from, std::int64_t to, int get_ms, int join_ms) {
    for (std::int64_t i = from; i < to; ++i) second(i, get_ms, join_ms);
    return *this;
  }
  std::string finish(double elapsed_s = 20) {
    const core::Check check = slice_.finish(whole_, elapsed_s, 0);
    return (check.passed ? "passed " : "failed ") + check.observed;
  }

 private:
  const Scenario& scenario_;
  Slice slice_;
  Tally whole_;
};

ScenarioThreshold held(const char* text) {
  return {.threshold = parse_threshold(text), .text = text};
}

TEST(Slice, OfAStep_SeesNoOther) {
  const Scenario scenario = two_stages();
  ScenarioThreshold threshold = held("response.max<10ms");
  threshold.step = 0;
  EXPECT_EQ(Trial(scenario, threshold).seconds(0, 20, 5, 50).finish(), "passed 5ms");
  threshold.step = 1;
  EXPECT_EQ(Trial(scenario, threshold).seconds(0, 20, 5, 50).finish(), "failed 50ms");
}

TEST(Slice, OfATag_SeesItsSteps) {
  const Scenario scenario = two_stages();
  ScenarioThreshold threshold = held("requests==20");
  threshold.tag = 0;
  EXPECT_EQ(Trial(scenario, threshold).seconds(0, 20, 5, 50).finish(), "passed 20");
}

TEST(Slice, OfAStage_SeesItsHttp) {
  const Scenario scenario = two_stages();
  ScenarioThreshold threshold = held("response.max<10ms");
  threshold.stage = 1;
  const auto run = [&] {
    return Trial(scenario, threshold).seconds(0, 10, 100, 100).seconds(10, 20, 5, 50).finish();
  };
  EXPECT_EQ(run(), "passed 5ms");
  threshold = held("throughput>=1/s");
  threshold.stage = 1;
  EXPECT_EQ(run(), "passed 1.0/s");
  threshold = held("fanout.max<60ms");
  threshold.stage = 1;
  EXPECT_EQ(run(), "passed 50ms") << "what steps do not know is that of its seconds";
}

TEST(Slice, OfAPart_SeesItsSeconds) {
  const Scenario scenario = two_stages();
  ScenarioThreshold threshold = held("response.max<10ms");
  threshold.step = 0;
  threshold.stage = 1;
  threshold.from = 2 * kSecond;
  threshold.to = 5 * kSecond;
  EXPECT_EQ(Trial(scenario, threshold)
                .seconds(0, 12, 100, 1)
                .seconds(12, 15, 5, 1)
                .seconds(15, 20, 100, 1)
                .finish(),
            "passed 5ms");
}

TEST(Slice, InWindows_TheWorstCounts) {
  const Scenario scenario = two_stages();
  ScenarioThreshold threshold = held("response.mean<20ms");
  threshold.step = 0;
  threshold.window = 5 * kSecond;
  Trial calm(scenario, threshold);
  EXPECT_EQ(calm.seconds(0, 20, 10, 1).finish(), "passed 10ms");
  Trial rough(scenario, threshold);
  rough.seconds(0, 5, 1, 1).seconds(5, 10, 30, 1).seconds(10, 20, 1, 1);
  EXPECT_EQ(rough.finish(), "failed 30ms") << "the mean of the whole is 8.25 ms";
}

TEST(Slice, AWindowWithoutData_Fails) {
  const Scenario scenario = two_stages();
  ScenarioThreshold threshold = held("response.mean<20ms");
  threshold.step = 0;
  threshold.window = 5 * kSecond;
  EXPECT_EQ(Trial(scenario, threshold).seconds(0, 5, 1, 1).seconds(10, 20, 1, 1).finish(),
            "failed no data");
}

TEST(Slice, AWindowThatIsNotWhole_IsLeftOut) {
  const Scenario scenario = two_stages();
  ScenarioThreshold threshold = held("response.mean<20ms");
  threshold.step = 0;
  threshold.window = 5 * kSecond;
  EXPECT_EQ(Trial(scenario, threshold).seconds(0, 5, 1, 1).seconds(5, 7, 90, 1).finish(7),
            "passed 1ms");
  EXPECT_EQ(Trial(scenario, threshold).seconds(0, 4, 1, 1).finish(4), "failed no data");
}

TEST(Slice, OfEverything_IsTheRun) {
  const Scenario scenario = two_stages();
  EXPECT_EQ(Trial(scenario, held("fanout.max<40ms")).seconds(0, 20, 1, 50).finish(), "failed 50ms");
  EXPECT_EQ(Trial(scenario, held("iterations==20")).seconds(0, 20, 1, 50).finish(), "passed 20");
}

TEST(Slice, OfAStep_KnowsWhatStepsAre) {
  EXPECT_TRUE(is_known_by_step(*parse_threshold("response.p95<1ms").metric));
  EXPECT_TRUE(is_known_by_step(*parse_threshold("error_rate<1%").metric));
  EXPECT_FALSE(is_known_by_step(*parse_threshold("lost==0").metric));
  EXPECT_FALSE(is_known_by_step(*parse_threshold("upgrade.p95<1ms").metric));
}

}  // namespace
}  // namespace scalectl::load::scenario
