#include "cli/terminal.hpp"

#include <gmock/gmock.h>

namespace scalectl::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(RenderBar, HalfWay_IsHalfFilled) {
  EXPECT_EQ(
      render_bar("players", 50'000, 100'000, "rows", 2, 100),
      "players [====================                    ]  50 %  50,000/100,000 rows  25,000/s");
}

TEST(RenderBar, AtBothEnds_IsEmptyOrFull) {
  EXPECT_THAT(render_bar("p", 0, 10, "rows", 1, 100), HasSubstr("[" + std::string(40, ' ') + "]"));
  EXPECT_THAT(render_bar("p", 10, 10, "rows", 1, 100), HasSubstr("[" + std::string(40, '=') + "]"));
}

TEST(RenderBar, OfNothing_IsFinished) {
  EXPECT_THAT(render_bar("p", 0, 0, "rows", 1, 100), HasSubstr("100 %  0/0 rows"));
}

TEST(RenderBar, MoreThanTheTotal_StaysAtAHundred) {
  EXPECT_THAT(render_bar("p", 20, 10, "rows", 1, 100), HasSubstr(" 100 %  20/10 rows"));
}

TEST(RenderBar, BeforeAnyTimeHasPassed_HasNoRate) {
  EXPECT_THAT(render_bar("p", 5, 10, "rows", 0, 100), HasSubstr("  0/s"));
}

TEST(RenderBar, APercentage_IsShownOnce) {
  EXPECT_EQ(render_bar("index", 46, 100, "%", 2, 14), "index  46 %");
}

TEST(RenderBar, OnANarrowTerminal_LeavesTheBarAway) {
  const std::string line = render_bar("players", 5, 10, "rows", 1, 42);
  EXPECT_EQ(line, "players  50 %  5/10 rows  5/s");
}

TEST(RenderBar, OnAnyTerminal_StaysOffTheLastColumn) {
  for (int width = 0; width < 120; ++width) {
    EXPECT_LE(render_bar("players", 12'345, 100'000, "rows", 2, width).size(),
              static_cast<std::size_t>(std::max(1, width - 1)));
  }
}

/// What a terminal writes to stderr, which is none here.
std::string logged(bool quiet, bool verbose) {
  testing::internal::CaptureStderr();
  Terminal terminal;
  terminal.configure(quiet, verbose, true);
  terminal.log(core::LogLevel::kDebug, "d");
  terminal.log(core::LogLevel::kInfo, "i {not a placeholder}");
  terminal.log(core::LogLevel::kWarning, "w");
  terminal.log(core::LogLevel::kError, "e");
  terminal.progress("players", 1, 2, "rows");
  return testing::internal::GetCapturedStderr();
}

TEST(Terminal, LogLines_AreLevelAndMessage) {
  EXPECT_EQ(logged(false, false), "INFO - i {not a placeholder}\nWARNING - w\nERROR - e\n");
}

TEST(Terminal, Quiet_KeepsWarningsAndErrors) {
  EXPECT_EQ(logged(true, false), "WARNING - w\nERROR - e\n");
}

TEST(Terminal, Verbose_AddsDebugLines) {
  EXPECT_THAT(logged(false, true), StartsWith("DEBUG - d\nINFO - i"));
}

}  // namespace
}  // namespace scalectl::cli
