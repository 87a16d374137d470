#include <fmt/format.h>

#include "contest.hpp"
#include "contests.hpp"
#include "core/json.hpp"

namespace scalectl::bench {
namespace {

constexpr const char* kDatabase = "seed";
constexpr int kRounds = 5;
constexpr double kLimit = 1.15;
constexpr double kMemoryLimit = 200e6;

const std::vector<std::string> kSeed{"seed",   "game",    "--players", "1M",
                                     "--only", "players", "--format",  "json"};

double peak_resident_bytes(const std::string& json) {
  const core::Value result = core::parse_json(json, "seed game");
  return result.if_object()->find("metrics")->if_object()->find("peak_resident_bytes")->number();
}

}  // namespace

core::Result seed(const Arena& arena) {
  core::Result result{.command = "bench", .name = "seed"};
  arena.sql("lab", fmt::format("CREATE DATABASE {}", kDatabase));
  arena.scalectl(kDatabase, {"db", "init", "game"});
  arena.scalectl(kDatabase, {"seed", "game", "--players", "1M", "--only", "locations,players"});
  const std::string text = arena.scratch() + "/players.tsv";
  const std::string binary = arena.scratch() + "/players.bin";
  arena.psql(kDatabase, {fmt::format("\\copy players TO '{}'", text),
                         fmt::format("\\copy players TO '{}' (FORMAT binary)", binary)});

  const auto empty = [&arena] {
    arena.sql(kDatabase, "TRUNCATE players CASCADE");
    arena.sql(kDatabase, "CHECKPOINT");
  };
  double peak = 0;
  const core::Table table = run_contest(
      "seed_1m", "Seeding 1,000,000 players",
      {{"psql \\copy, text",
        empty,
        [&] { arena.psql(kDatabase, {fmt::format("\\copy players FROM '{}'", text)}); },
        {}},
       {"psql \\copy, binary",
        empty,
        [&] {
          arena.psql(kDatabase, {fmt::format("\\copy players FROM '{}' (FORMAT binary)", binary)});
        },
        {}},
       {"psql \\copy, binary, FREEZE",
        empty,
        [&] {
          arena.psql(
              kDatabase,
              {"BEGIN", "TRUNCATE players CASCADE",
               fmt::format("\\copy players FROM '{}' (FORMAT binary, FREEZE)", binary), "COMMIT"});
        },
        {}},
       {"scalectl seed game", empty,
        [&] { peak = std::max(peak, peak_resident_bytes(arena.scalectl(kDatabase, kSeed))); },
        kLimit}},
      kRounds);
  arena.sql("lab", fmt::format("DROP DATABASE {}", kDatabase));

  result.metrics.set("peak_resident_bytes", peak).set("peak_resident_limit_bytes", kMemoryLimit);
  if (!within_limits(table) || peak > kMemoryLimit) result.verdict = core::Verdict::kFail;
  result.tables.push_back(table);
  return result;
}

}  // namespace scalectl::bench
