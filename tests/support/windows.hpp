// TickWindows: players whose ticks can be counted, and runs at a time of the test's choosing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "support/game.hpp"
#include "support/ticks.hpp"
#include "tick/run.hpp"

namespace scalectl::test {

class TickWindows : public GameTest {
 protected:
  static constexpr double kNoon = 1'767'355'200;  // 2026-01-02T12:00:00Z
  static constexpr double kWindow = 300;

  double now = kNoon + 10;

  void play(std::int64_t players) {
    init();
    seed({.players = players, .only = {"players"}});
    make_countable(session);
    recorder.lines.clear();
    recorder.steps.clear();
  }
  tick::Options options(tick::Options more = {}) const {
    if (!more.window) more.window = core::Seconds(kWindow);
    if (!more.clock) more.clock = [at = now] { return at; };
    return more;
  }
  core::Result run(const tick::Options& more = {}) {
    return tick::run(session, tick::load(catalog, "stamina"), options(more), recorder);
  }
  std::string slot() {
    return scalar("SELECT slot || ' ' || token || ' ' || state FROM scalectl.tick_slots");
  }
  std::string ticks() { return ticks_had(session); }
};

/// A metric that is text; "" where there is none of that name.
inline std::string text_of(const core::Result& result, std::string_view key) {
  const core::Value* value = result.metrics.find(key);
  return value != nullptr && value->if_text() != nullptr ? *value->if_text() : "";
}

}  // namespace scalectl::test
