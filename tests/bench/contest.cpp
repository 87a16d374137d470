#include "contest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "core/statistics.hpp"
#include "core/stopwatch.hpp"

namespace scalectl::bench {
namespace {

using core::Unit;

constexpr std::size_t kRatioColumn = 4;
constexpr std::size_t kLimitColumn = 5;

}  // namespace

core::Table run_contest(const std::string& key, const std::string& title,
                        const std::vector<Contender>& contenders, int repeats) {
  std::vector<std::vector<double>> seconds(contenders.size());
  for (int round = 0; round < repeats; ++round) {
    for (std::size_t turn = 0; turn < contenders.size(); ++turn) {
      const std::size_t i = (turn + static_cast<std::size_t>(round)) % contenders.size();
      contenders[i].prepare();
      const core::Stopwatch watch;
      contenders[i].work();
      const double by_the_clock = watch.seconds();
      seconds[i].push_back(contenders[i].own_time ? contenders[i].own_time() : by_the_clock);
      fmt::print(stderr, "INFO - {}, round {} of {}: {} took {:.3f}s\n", title, round + 1, repeats,
                 contenders[i].name, seconds[i].back());
    }
  }
  core::Table table{.key = key,
                    .title = fmt::format("{} ({} rounds)", title, repeats),
                    .columns = {{"contender", "contender"},
                                {"median_s", "median", Unit::kSeconds},
                                {"fastest_s", "fastest", Unit::kSeconds},
                                {"slowest_s", "slowest", Unit::kSeconds},
                                {"ratio", "ratio", Unit::kTimes},
                                {"limit_ratio", "at most", Unit::kTimes}},
                    .rows = {}};
  for (std::size_t i = 0; i < contenders.size(); ++i) {
    std::vector<double> ratios;
    for (std::size_t round = 0; round < seconds[i].size(); ++round) {
      ratios.push_back(seconds[i][round] / seconds[0][round]);
    }
    const auto [fastest, slowest] = std::minmax_element(seconds[i].begin(), seconds[i].end());
    const auto& limit = contenders[i].limit;
    table.rows.push_back({contenders[i].name, core::median(seconds[i]), *fastest, *slowest,
                          core::median(ratios), limit ? core::Value(*limit) : core::Value()});
  }
  return table;
}

bool within_limits(const core::Table& table) {
  return std::all_of(table.rows.begin(), table.rows.end(), [](const core::Array& row) {
    return row[kLimitColumn].is_null() || row[kRatioColumn].number() <= row[kLimitColumn].number();
  });
}

}  // namespace scalectl::bench
