// What the binary says to wrong arguments.
#include <gmock/gmock.h>

#include "support/command.hpp"

namespace scalectl::test {
namespace {

using testing::HasSubstr;

TEST(Usage, UnknownCommand_NamesTheClosest) {
  const Outcome outcome = scalectl({"sed", "game"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("did you mean \"seed\"?"));
  EXPECT_EQ(outcome.out, "");
}

}  // namespace
}  // namespace scalectl::test
