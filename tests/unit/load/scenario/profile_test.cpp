#include "load/scenario/profile.hpp"

#include <gmock/gmock.h>

namespace scalectl::load::scenario {
namespace {

using core::kSecond;
using core::Nanos;

LoadStage stage(std::uint64_t users, Nanos ramp_s, Nanos hold_s) {
  return {.ramp = ramp_s * kSecond, .hold = hold_s * kSecond, .users = users};
}

/// "1s-11s" of user `user`'s next time from `since_s` on; "never".
std::string presence(const Load& load, std::uint64_t user, double since_s = 0) {
  const auto found =
      Profile(load).presence(user, static_cast<Nanos>(since_s * static_cast<double>(kSecond)));
  if (!found) return "never";
  const auto seconds = [](Nanos instant) {
    return std::to_string(static_cast<double>(instant) / 1e9).substr(0, 4);
  };
  return seconds(found->from) + "-" + seconds(found->until);
}

TEST(Profile, WithoutRamp_AllAreThereFromTheBeginning) {
  const Load load{.stages = {stage(3, 0, 10)}};
  EXPECT_EQ(presence(load, 0), "0.00-10.0");
  EXPECT_EQ(presence(load, 2), "0.00-10.0");
  EXPECT_EQ(presence(load, 3), "never");
}

TEST(Profile, ARamp_LetsThemComeOneByOne) {
  const Load load{.stages = {stage(10, 10, 5)}};
  EXPECT_EQ(presence(load, 0), "1.00-15.0");
  EXPECT_EQ(presence(load, 4), "5.00-15.0");
  EXPECT_EQ(presence(load, 9), "10.0-15.0");
}

TEST(Profile, DownAndUpAgain_TheLastToComeLeaveFirstAndComeBack) {
  const Load load{.stages = {stage(4, 0, 2), stage(2, 4, 1), stage(3, 0, 3)}};
  EXPECT_EQ(presence(load, 0), "0.00-10.0");
  EXPECT_EQ(presence(load, 3), "0.00-2.00") << "the number falls below 4 at once";
  EXPECT_EQ(presence(load, 2), "0.00-4.00") << "below 3 half-way down to 2";
  EXPECT_EQ(presence(load, 2, 4), "7.00-10.0");
  EXPECT_EQ(presence(load, 3, 2), "never");
}

TEST(Profile, FromTheMiddleOn_IsWhatIsLeft) {
  const Load load{.stages = {stage(1, 0, 10)}};
  EXPECT_EQ(presence(load, 0, 4), "4.00-10.0");
  EXPECT_EQ(presence(load, 0, 10), "never");
}

TEST(Profile, OfManyUsers_NoneIsThereOutsideTheLine) {
  const Load load{.stages = {stage(1000, 7, 3), stage(10, 13, 0), stage(24'000, 5, 5)}};
  std::uint64_t there = 0;
  for (std::uint64_t user = 0; user < 24'000; ++user) {
    const auto found = Profile(load).presence(user, 8 * kSecond);
    ASSERT_TRUE(found);
    if (found->from == 8 * kSecond) ++there;
  }
  EXPECT_EQ(there, 1000U);
}

}  // namespace
}  // namespace scalectl::load::scenario
