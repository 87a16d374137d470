#include "core/statistics.hpp"

#include <gmock/gmock.h>

namespace scalectl::core {
namespace {

TEST(Median, IsTheMiddleValue) { EXPECT_EQ(median({3, 1, 2}), 2); }
TEST(Median, OfAnEvenNumber_IsTheMeanOfTheTwoInTheMiddle) { EXPECT_EQ(median({4, 1, 3, 2}), 2.5); }
TEST(Median, OfNothing_IsZero) { EXPECT_EQ(median({}), 0); }

}  // namespace
}  // namespace scalectl::core
