// Results made by hand; tests/golden/report/<name>.<format> says what each looks like.
#pragma once

#include <vector>

#include "core/result.hpp"

namespace scalectl::report::samples {

/// The example of the command line's contract.
inline core::Result run() {
  constexpr std::chrono::sys_days day = std::chrono::year(2026) / 1 / 2;
  return {.command = "tick run",
          .name = "stamina",
          .started_at = day + std::chrono::hours(3) + std::chrono::milliseconds(245'678),
          .elapsed_s = 0.412,
          .verdict = core::Verdict::kPass,
          .band = "excellent",
          .threshold_s = 5.0,
          .params = {{"strategy", "set"}, {"players", 100'000}},
          .metrics = {{"rows", 95'012},
                      {"statements", 1},
                      {"hot_ratio", 0.98},
                      {"wal_bytes", 11'534'336}},
          .environment = {.scalectl = "0.1.0",
                          .postgres = "15.18",
                          .redis = std::nullopt,
                          .cores = 2,
                          .host = "linux x86_64"}};
}

/// Every character that some format gives a meaning to, nulls, nesting, very large and very small.
inline core::Result awkward() {
  core::Result result = run();
  result.command = "index status";
  result.name = "a,\"b\" <c> & d|e\\f é'g";
  result.elapsed_s = 12.5;
  result.verdict = core::Verdict::kFail;
  result.band.reset();
  result.threshold_s.reset();
  result.params = {{"remark", "two\nlines"}};
  result.metrics = {{"hot_ratio", core::Value()},
                    {"requests", core::Object{{"sent", 3}, {"ok", 2}}},
                    {"big_bytes", 20'000'000'000},
                    {"tiny_s", 0.00002}};
  result.notes = {"first <idx> & *all*\nsecond line", "plain"};
  result.tables.push_back({.key = "indexes",
                           .title = "Indexes | of \"game\"",
                           .columns = {{"index", "index"},
                                       {"size_bytes", "size", core::Unit::kBytes},
                                       {"used_ratio", "used", core::Unit::kRatio}},
                           .rows = {{"idx_a,b", 8192, 0.5},
                                    {"say \"hi\"|\\<é>", core::Value(), core::Value()},
                                    {"two\nlines", 0, 1.0}}});
  return result;
}

/// A pass, a warning and one without enough data.
inline std::vector<core::Result> several() {
  core::Result combat = run();
  combat.name = "combat";
  combat.started_at += std::chrono::minutes(1);
  combat.elapsed_s = 12.034;
  combat.verdict = core::Verdict::kWarn;
  combat.band = "warning";
  combat.threshold_s = 10.0;
  combat.params = {{"strategy", "set"}};
  combat.metrics = {{"rows", 7}, {"wal_bytes", 1024}};
  combat.notes = {"slow"};
  core::Result decay = run();
  decay.name = "decay";
  decay.started_at += std::chrono::minutes(2);
  decay.elapsed_s = 0.00002;
  decay.verdict = core::Verdict::kInconclusive;
  decay.band.reset();
  decay.threshold_s.reset();
  decay.params = {};
  decay.metrics = {{"rows", 0}, {"hot_ratio", core::Value()}};
  decay.notes = {"too few rows to say"};
  return {run(), combat, decay};
}

}  // namespace scalectl::report::samples
