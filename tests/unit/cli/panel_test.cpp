#include <gmock/gmock.h>

#include "cli/terminal.hpp"

namespace scalectl::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

core::Snapshot half_way() {
  return {.what = "load",
          .elapsed_s = 5,
          .share = 0.5,
          .values = {{"rate_rps", 38'201.4},
                     {"in_flight", 64},
                     {"p50_ms", 0.4126},
                     {"p99_ms", 12.34},
                     {"max_ms", 1'234.5},
                     {"errors", 1'000}}};
}

TEST(RenderPanel, HalfWay_HasABarAndTheNumbersWithTheirUnits) {
  EXPECT_THAT(
      render_panel(half_way(), 100),
      ElementsAre(
          "load [" + std::string(20, '=') + std::string(20, ' ') + "]  50 %  5s, 5s left",
          "  38,201/s   in flight 64   p50 0.41 ms   p99 12.3 ms   max 1234 ms   errors 1,000"));
}

TEST(RenderPanel, WithoutAnEnd_HasTheTimeOnly) {
  core::Snapshot now = half_way();
  now.share = 0;
  EXPECT_EQ(render_panel(now, 100)[0], "load 5s");
}

TEST(RenderPanel, AtTheEnd_IsFull) {
  core::Snapshot now = half_way();
  now.share = 1;
  EXPECT_THAT(render_panel(now, 100)[0],
              StartsWith("load [" + std::string(40, '=') + "] 100 %  5s, 0s left"));
}

TEST(RenderPanel, OnANarrowTerminal_LeavesTheBarAway) {
  EXPECT_EQ(render_panel(half_way(), 32)[0], "load  50 %  5s, 5s left");
}

TEST(RenderPanel, OnAnyTerminal_StaysOffTheLastColumn) {
  for (int width = 0; width < 120; ++width) {
    for (const std::string& line : render_panel(half_way(), width)) {
      EXPECT_LE(line.size(), static_cast<std::size_t>(std::max(1, width - 1)));
    }
  }
}

TEST(RenderSnapshot, IsOneLine) {
  EXPECT_EQ(render_snapshot(half_way()),
            "5s: 38,201/s, in flight 64, p50 0.41 ms, p99 12.3 ms, max 1234 ms, errors 1,000");
}

}  // namespace
}  // namespace scalectl::cli
