#include "workflow/states.hpp"

#include <gmock/gmock.h>

#include <map>

namespace scalectl::workflow {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;
using testing::UnorderedElementsAreArray;

TEST(States, AreTaskers) {
  EXPECT_THAT(states(), UnorderedElementsAre("pending", "in_progress", "complete", "error",
                                             "cancelled", "resolved_manually"));
}

// Seed 002's facts: the moves of a step.
TEST(NextStates, OfSteps_AreTheseAndNoOthers) {
  const std::map<std::string, std::vector<std::string>> legal{
      {"pending", {"in_progress", "error", "cancelled", "resolved_manually"}},
      {"in_progress", {"complete", "error", "cancelled"}},
      {"complete", {}},
      {"error", {"pending", "resolved_manually"}},
      {"cancelled", {}},
      {"resolved_manually", {}}};
  for (const auto& [state, next] : legal) {
    EXPECT_THAT(next_states(Kind::kStep, state), UnorderedElementsAreArray(next)) << state;
  }
}

TEST(NextStates, OfATaskInProgress_HasPendingToo) {
  EXPECT_THAT(next_states(Kind::kTask, "in_progress"),
              UnorderedElementsAre("complete", "error", "cancelled", "pending"));
  for (const std::string& state : states()) {
    if (state == "in_progress") continue;
    EXPECT_EQ(next_states(Kind::kTask, state), next_states(Kind::kStep, state)) << state;
  }
}

TEST(NextStates, NeverLeadToTheSameStateNorOutOfTheStates) {
  for (const Kind kind : {Kind::kTask, Kind::kStep}) {
    for (const std::string& state : states()) {
      for (const std::string& next : next_states(kind, state)) {
        EXPECT_NE(next, state);
        EXPECT_THAT(states(), testing::Contains(next));
      }
    }
  }
}

TEST(NextStates, OfWhatIsNoState_AreNone) {
  EXPECT_THAT(next_states(Kind::kStep, "failed"), ElementsAre());
  EXPECT_THAT(next_states(Kind::kTask, ""), ElementsAre());
}

TEST(NameOf, Kind_IsWhatTheCommandLineCallsIt) {
  EXPECT_EQ(name_of(Kind::kTask), "task");
  EXPECT_EQ(name_of(Kind::kStep), "step");
}

}  // namespace
}  // namespace scalectl::workflow
