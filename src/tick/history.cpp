#include "tick/history.hpp"

#include <fmt/format.h>

#include <set>

#include "core/stopwatch.hpp"

namespace scalectl::tick {
namespace {

using core::Unit;
using core::Value;

constexpr const char* kHistory = R"sql(
WITH last AS (
  SELECT DISTINCT ON (tick, strategy) tick, strategy, started_at, elapsed_s, band, rows, run
    FROM scalectl.tick_runs AS run ORDER BY tick, strategy, started_at DESC, run_id DESC
), in_window AS (  -- by name, because bookkeeping of the first version has no such columns
  SELECT tick, strategy, (to_jsonb(run) ->> 'window_s')::numeric AS window_s,
         (to_jsonb(run) ->> 'slot')::bigint AS slot
    FROM last
), day AS (
  SELECT run.tick, run.strategy, run.elapsed_s, like_last,
         CASE WHEN like_last
           THEN ntile(2) OVER (PARTITION BY run.tick, run.strategy, like_last
                               ORDER BY run.started_at, run.run_id)
         END AS half
    FROM scalectl.tick_runs run
    JOIN last USING (tick, strategy)
   CROSS JOIN LATERAL (SELECT run.rows BETWEEN last.rows / 2 AND last.rows * 2 AS like_last) AS c
   WHERE run.started_at > now() - interval '1 day'
), recent AS (
  SELECT tick, strategy, count(*) AS runs, count(*) FILTER (WHERE like_last) AS runs_like_last,
         percentile_cont(0.5)  WITHIN GROUP (ORDER BY elapsed_s) AS p50,
         percentile_cont(0.95) WITHIN GROUP (ORDER BY elapsed_s) AS p95,
         percentile_cont(0.5)  WITHIN GROUP (ORDER BY elapsed_s) FILTER (WHERE half = 1) AS older,
         percentile_cont(0.5)  WITHIN GROUP (ORDER BY elapsed_s) FILTER (WHERE half = 2) AS newer
    FROM day GROUP BY tick, strategy
)
SELECT last.tick, last.strategy, last.elapsed_s, last.band, last.rows,
       to_char(last.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS at,
       in_window.window_s::float8 AS window_s,
       to_char(to_timestamp((in_window.slot * in_window.window_s)::float8) AT TIME ZONE 'UTC',
               'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS window_from,
       coalesce(recent.runs, 0) AS runs, recent.p50, recent.p95,
       CASE WHEN recent.runs_like_last >= 4 AND recent.older > 0 THEN recent.newer / recent.older END AS trend
  FROM last JOIN in_window USING (tick, strategy) LEFT JOIN recent USING (tick, strategy)
 ORDER BY last.tick, last.strategy
)sql";

/// A trend within a fifth either way is noise.
std::string word_for(double trend) {
  if (trend > 1.2) return "rising";
  return trend < 0.8 ? "falling" : "steady";
}

Value real_or_null(const pg::Rows& rows, std::size_t row, const char* name) {
  return rows.at(row, name) ? Value(rows.real(row, name)) : Value();
}

}  // namespace

core::Result status(pg::Session& session, const std::vector<Definition>& ticks) {
  const core::Stopwatch watch;
  core::Result result{.command = "tick status"};
  core::Table table{.key = "ticks",
                    .title = "",
                    .columns = {{"tick", "tick"},
                                {"strategy", "strategy"},
                                {"last_run", "last run (UTC)"},
                                {"elapsed_s", "took", Unit::kSeconds},
                                {"band", "band"},
                                {"rows", "rows", Unit::kCount},
                                {"runs_1d", "runs in 1 d", Unit::kCount},
                                {"p50_s", "p50", Unit::kSeconds},
                                {"p95_s", "p95", Unit::kSeconds},
                                {"trend_ratio", "newer/older", Unit::kTimes},
                                {"trend", "trend"},
                                {"window_s", "window", Unit::kSeconds},
                                {"window_from", "last window (UTC)"}},
                    .rows = {}};

  std::set<std::string> seen;
  const bool recorded =
      session.query("SELECT to_regclass('scalectl.tick_runs') IS NOT NULL AS there")
          .boolean(0, "there");
  if (recorded) {
    const pg::Rows found = session.query(kHistory);
    for (std::size_t i = 0; i < found.size(); ++i) {
      const Value trend = real_or_null(found, i, "trend");
      seen.insert(found.text(i, "tick"));
      if (found.text(i, "band") == "warning") {
        result.verdict = core::Verdict::kWarn;
        result.notes.push_back(fmt::format("the last run of {} ({}) missed its threshold",
                                           found.text(i, "tick"), found.text(i, "strategy")));
      }
      table.rows.push_back({found.text(i, "tick"), found.text(i, "strategy"),
                            found.text(i, "at"), found.real(i, "elapsed_s"),
                            found.text(i, "band"), found.integer(i, "rows"),
                            found.integer(i, "runs"), real_or_null(found, i, "p50"),
                            real_or_null(found, i, "p95"), trend,
                            trend.is_null() ? Value() : Value(word_for(trend.number())),
                            real_or_null(found, i, "window_s"),
                            found.at(i, "window_from") ? Value(found.text(i, "window_from"))
                                                       : Value()});
    }
  }
  for (const Definition& tick : ticks) {
    if (seen.count(tick.name) != 0) continue;
    table.rows.push_back({tick.name, {}, "never", {}, {}, {}, 0, {}, {}, {}, {}, {}, {}});
  }
  result.tables.push_back(std::move(table));
  watch.stamp(result);
  return result;
}

}  // namespace scalectl::tick
