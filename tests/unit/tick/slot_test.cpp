// Windows as numbers, and how keys are cut into shares.
#include "tick/slot.hpp"

#include <gmock/gmock.h>

#include <limits>

#include "support/thrown.hpp"
#include "tick/shares.hpp"

namespace scalectl::tick {
namespace {

using core::Seconds;
using test::error_of;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t kSecond = 1'000'000;

TEST(Window, SlotAt_IsTheFloorOfClockByLength) {
  const Window window(Seconds(300));
  EXPECT_EQ(window.slot_at(0), 0);
  EXPECT_EQ(window.slot_at(300 * kSecond - 1), 0);
  EXPECT_EQ(window.slot_at(300 * kSecond), 1);
  EXPECT_EQ(window.slot_at(-1), -1) << "a clock before 1970 goes on counting downwards";
  EXPECT_EQ(Window(Seconds(0.25)).slot_at(1'767'355'200'750'000), 7'069'420'803);
}

TEST(Window, FirstFrom_IsTheSlotThatBeginsThereOrLater) {
  const Window window(Seconds(300));
  EXPECT_EQ(window.first_from(300 * kSecond), 1);
  EXPECT_EQ(window.first_from(300 * kSecond + 1), 2);
  EXPECT_EQ(window.first_from(window.end_of(41)), 42);
  EXPECT_EQ(window.begin_of(2), 600 * kSecond);
}

TEST(Window, Seconds_AreWrittenAsANumber) {
  EXPECT_EQ(Window(Seconds(300)).seconds(), "300");
  EXPECT_EQ(Window(Seconds(0.25)).seconds(), "0.250");
  EXPECT_EQ(Window(Seconds(90.5)).seconds(), "90.500");
}

TEST(Window, LengthsThatAreNone_AreRefused) {
  for (const double length : {0.0, 0.0001, 0.0015, 366.0 * 86'400 + 1, 1e300}) {
    EXPECT_EQ(error_of([&] { Window{Seconds(length)}; }).kind(), core::ErrorKind::kUsage) << length;
  }
}

/// "after-upto" of each share.
std::vector<std::string> ranges(std::int64_t low, std::int64_t high, std::int64_t count) {
  std::vector<std::string> out;
  for (const Share& share : cut(low, high, count)) {
    EXPECT_EQ(share.number, static_cast<int>(out.size()));
    out.push_back(std::to_string(share.after) + ".." + std::to_string(share.upto));
  }
  return out;
}

TEST(Cut, Shares_CoverEveryKeyOnce) {
  EXPECT_THAT(ranges(1, 10, 1), ElementsAre("0..10"));
  EXPECT_THAT(ranges(1, 10, 3), ElementsAre("0..4", "4..7", "7..10"));
  EXPECT_THAT(ranges(5, 6, 8), ElementsAre("4..5", "5..6"));
  EXPECT_THAT(ranges(-3, 4, 2), ElementsAre("-4..0", "0..4"));
}

TEST(Cut, WholeRangeOfBigint_DoesNotOverflow) {
  constexpr std::int64_t kLow = std::numeric_limits<std::int64_t>::min() + 1;
  constexpr std::int64_t kHigh = std::numeric_limits<std::int64_t>::max();
  EXPECT_THAT(ranges(kLow, kHigh, 2),
              ElementsAre("-9223372036854775808..0", "0..9223372036854775807"));
}

TEST(Share, KeysLeft_IsNoneForAQueue) {
  EXPECT_EQ((Share{.after = 10, .upto = 40}.keys_left()), 30U);
  EXPECT_EQ((Share{.ranged = false}.keys_left()), 0U);
}

}  // namespace
}  // namespace scalectl::tick
