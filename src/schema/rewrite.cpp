#include "schema/rewrite.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>

#include "core/text.hpp"

namespace scalectl::schema {
namespace {

/// A page with more than this of rows has no room for a new version of each.
constexpr double kFullShare = 0.55;
/// What a packed table may be larger by: it grows while it is worked on, and no page is ever full
/// to the last byte.
constexpr double kAimedSlack = 1.05;
constexpr double kAllowedSlack = 1.10;
/// Pages that no share of a small table makes up for.
constexpr std::int64_t kFewPages = 2;
constexpr int kRounds = 5;
constexpr int kVacuums = 5;
constexpr std::chrono::milliseconds kVacuumPause{1000};
/// A row leaves its page once that is full of its own old versions: as many passes as a page has
/// room for rows (PostgreSQL's MaxHeapTuplesPerPage of 8 kB pages), at most.
constexpr int kPasses = 291;

const std::map<std::string, std::string> kTypes{
    {"from", "tid"}, {"upto", "tid"}, {"full", "bigint"}, {"again", "bool"}};

/// The position in front of the first row of a page.
std::string tid(std::int64_t page) { return fmt::format("({},0)", page); }

pg::Params values(const catalog::BoundSql& bound,
                  const std::map<std::string, std::string>& by_name) {
  pg::Params params;
  for (const std::string& name : bound.parameters) params.emplace_back(by_name.at(name));
  return params;
}

/// Pages that hold about as many rows as a batch is to move.
std::int64_t pages_of_batch(LayoutWork& work, std::int64_t pages) {
  const pg::Rows rows = work.session.query(
      "SELECT greatest(reltuples, 0)::bigint AS rows, greatest(relpages, 1) AS pages FROM pg_class"
      " WHERE oid = $1::oid",
      {std::to_string(work.before.players.oid)});
  const std::int64_t per_page =
      std::max<std::int64_t>(1, rows.integer(0, "rows") / rows.integer(0, "pages"));
  return std::clamp<std::int64_t>(work.options.batch / per_page, 1,
                                  std::max<std::int64_t>(pages, 1));
}

/// VACUUM, and again after a while where somebody's snapshot (a dump, an ANALYZE that runs) kept
/// more than a few dead rows from it: they fill the room that the rows are to find.
void vacuum(LayoutWork& work, const std::string& options) {
  for (int attempt = 1;; ++attempt) {
    work.heed_stop();
    work.observer.info(fmt::format("VACUUM {}", work.before.quoted));
    work.session.query(fmt::format("VACUUM {}{}", options, work.before.quoted));
    const pg::Rows left = work.session.query(
        "SELECT pg_stat_get_dead_tuples(oid) AS dead,"
        "       pg_stat_get_dead_tuples(oid) <= greatest(reltuples * 0.01, 100) AS few"
        "  FROM pg_class WHERE oid = $1::oid",
        {std::to_string(work.before.players.oid)});
    if (left.boolean(0, "few")) return;
    if (attempt == kVacuums) {
      work.observer.warn(
          fmt::format("An old snapshot keeps {} dead rows of {}: there is less room "
                      "until a VACUUM after its end",
                      core::grouped(left.integer(0, "dead")), work.before.quoted));
      return;
    }
    work.pause(kVacuumPause);
  }
}

/// Runs `pass` until it finds no row any more; the rows of the first one.
std::int64_t repeat(const std::function<std::int64_t(int)>& pass) {
  const std::int64_t first = pass(0);
  std::int64_t rows = first;
  for (int number = 1; rows > 0 && number < kPasses; ++number) rows = pass(number);
  return first;
}

/// Empties the pages from `from` on, the last ones first.
void empty_tail(LayoutWork& work, const LayoutStatement& statement, std::int64_t from,
                std::int64_t pages) {
  const catalog::BoundSql bound = statement.bind(work.place, {}, kTypes);
  const std::int64_t step = pages_of_batch(work, pages);
  for (std::int64_t upto = pages; upto > from; upto -= step) {
    work.heed_stop();
    const std::int64_t begin = std::max(from, upto - step);
    // One transaction: what a pass leaves behind on a page stays there, and makes the next pass
    // look for another page.
    pg::Transaction tx = work.session.begin();
    const std::int64_t moved = repeat([&](int) {
      return tx.query(bound.sql, values(bound, {{"from", tid(begin)}, {"upto", tid(upto)}}))
          .affected();
    });
    tx.commit();
    work.counts.moved += moved;
    work.counts.batches += 1;
    work.observer.progress("packing players", static_cast<std::uint64_t>(pages - begin),
                           static_cast<std::uint64_t>(pages - from), "pages");
  }
}

}  // namespace

void spread(LayoutWork& work, const LayoutFile& hot) {
  // What is dead is room: without it the table would grow to twice of what it holds, dead and
  // alive.
  if (work.before.name() != "hot") vacuum(work, "");
  const catalog::BoundSql bound = hot.step("spread").front().bind(work.place, {}, kTypes);
  const std::int64_t pages = bytes_of(work.session, work.before) / work.before.page_bytes;
  const std::int64_t step = pages_of_batch(work, pages);
  const auto full = static_cast<std::int64_t>(kFullShare * static_cast<double>(work.before.room()));
  const std::int64_t moved_before = work.counts.moved;
  for (std::int64_t from = 0; from < pages; from += step) {
    work.heed_stop();
    const std::int64_t upto = std::min(pages, from + step);
    pg::Transaction tx = work.session.begin();
    const std::int64_t moved = repeat([&](int pass) {
      return tx
          .query(bound.sql, values(bound, {{"from", tid(from)},
                                           {"upto", tid(upto)},
                                           {"full", std::to_string(full)},
                                           {"again", pass == 0 ? "f" : "t"}}))
          .affected();
    });
    tx.commit();
    work.counts.moved += moved;
    work.counts.batches += 1;
    work.observer.progress("spreading players", static_cast<std::uint64_t>(upto),
                           static_cast<std::uint64_t>(pages), "pages");
  }
  if (work.counts.moved > moved_before) vacuum(work, "(ANALYZE) ");
}

bool gather(LayoutWork& work, const LayoutFile& seed) {
  const std::string packed_sql = seed.step("packed").front().bind(work.place).sql;
  const double room = static_cast<double>(work.before.room());
  bool worked = false;
  for (int round = 0;; ++round) {
    work.heed_stop();
    const double packed =
        static_cast<double>(work.session.query(packed_sql).integer(0, "bytes")) / room;
    const auto allowed = static_cast<std::int64_t>(packed * kAllowedSlack) + kFewPages;
    std::int64_t pages = bytes_of(work.session, work.before) / work.before.page_bytes;
    if (pages > allowed) {  // it may be free already; and the moving goes by what VACUUM finds free
      vacuum(work, "");
      pages = bytes_of(work.session, work.before) / work.before.page_bytes;
    }
    if (pages <= allowed || round == kRounds) {
      if (worked) vacuum(work, "(ANALYZE) ");
      if (pages <= allowed) return true;
      work.observer.warn(
          fmt::format("{} has {} pages, and its rows would fit into {}: others write at its end, "
                      "or hold the lock "
                      "that VACUUM cuts it off with; run it again later",
                      work.before.quoted, core::grouped(pages),
                      core::grouped(static_cast<std::int64_t>(packed))));
      return false;
    }
    const auto aimed = static_cast<std::int64_t>(packed * kAimedSlack) + 1;
    empty_tail(work, seed.step("gather").front(), std::min(aimed, pages), pages);
    worked = true;
  }
}

}  // namespace scalectl::schema
