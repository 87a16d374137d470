#include "core/error.hpp"

#include <gmock/gmock.h>

namespace scalectl::core {
namespace {

TEST(ExitCode, OfEachKind_IsTheContract) {
  EXPECT_EQ(exit_code(ErrorKind::kUsage), 2);
  EXPECT_EQ(exit_code(ErrorKind::kConnection), 3);
  EXPECT_EQ(exit_code(ErrorKind::kBusy), 4);
  EXPECT_EQ(exit_code(ErrorKind::kFailed), 5);
  EXPECT_EQ(exit_code(ErrorKind::kInterrupted), 130);
  EXPECT_EQ(exit_code(ErrorKind::kTerminated), 143);
}

TEST(Error, What_IsMessageAndHintOnOneLine) {
  EXPECT_STREQ(Error(ErrorKind::kBusy, "locked", "try again").what(), "locked — hint: try again");
}

TEST(Error, WithoutAHint_WhatIsTheMessage) {
  EXPECT_STREQ(Error(ErrorKind::kBusy, "locked").what(), "locked");
}

TEST(Error, Within_PutsTheContextInFrontAndKeepsTheRest) {
  const Error error = Error(ErrorKind::kBusy, "locked", "try again").within("seed game");
  EXPECT_STREQ(error.what(), "seed game: locked — hint: try again");
  EXPECT_EQ(error.kind(), ErrorKind::kBusy);
}

TEST(UsageError, HasKindUsage) { EXPECT_EQ(usage_error("no").kind(), ErrorKind::kUsage); }

}  // namespace
}  // namespace scalectl::core
