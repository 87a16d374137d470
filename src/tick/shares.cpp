#include "tick/shares.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/error.hpp"
#include "pg/identifier.hpp"

namespace scalectl::tick {
namespace {

constexpr std::int64_t kSharesPerWorker = 4;

pg::Param key_text(const Share& share, std::int64_t key) {
  return share.ranged ? pg::Param(std::to_string(key)) : std::nullopt;
}

void insert(pg::Transaction& tx, const SlotKey& key, std::int64_t token, const Share& share) {
  tx.query(
      "INSERT INTO scalectl.tick_shares (tick, target, share, token, after_key, upto_key)"
      " VALUES ($1, $2, $3, $4, $5, $6)",
      {key.tick, key.target, std::to_string(share.number), std::to_string(token),
       key_text(share, share.after), key_text(share, share.upto)});
}

/// A batch takes the keys above :after: below the least bigint there is none to begin at.
void check_lowest(std::int64_t low, const std::string& key, const std::string& key_table) {
  if (low != std::numeric_limits<std::int64_t>::min()) return;
  throw core::usage_error(
      fmt::format("{} holds the \"{}\" {}, the least of all bigints: batches take the keys above "
                  "another one, and no key is below it",
                  key_table, key, low),
      "run it with --strategy set, or give that row another key");
}

std::vector<Share> queue_of(std::int64_t workers) {
  std::vector<Share> shares;
  for (int number = 0; number < workers; ++number) {
    shares.push_back({.number = number, .ranged = false});
  }
  return shares;
}

}  // namespace

std::uint64_t Share::keys_left() const {
  return ranged ? static_cast<std::uint64_t>(upto) - static_cast<std::uint64_t>(after) : 0;
}

std::vector<Share> cut(std::int64_t low, std::int64_t high, std::int64_t count) {
  // In unsigned arithmetic, which is exact where the span does not fit a signed number.
  const std::uint64_t keys = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) + 1;
  const std::uint64_t parts = std::min(static_cast<std::uint64_t>(count), keys);
  std::vector<Share> shares;
  std::uint64_t after = static_cast<std::uint64_t>(low) - 1;
  for (std::uint64_t part = 0; part < parts; ++part) {
    const std::uint64_t upto = after + keys / parts + (part < keys % parts ? 1 : 0);
    shares.push_back({.number = static_cast<int>(part),
                      .after = static_cast<std::int64_t>(after),
                      .upto = static_cast<std::int64_t>(upto)});
    after = upto;
  }
  return shares;
}

std::vector<Share> shares_of(pg::Transaction& tx, const Statements& statements,
                             const std::string& key_table, std::int64_t workers) {
  const Batched& form = *statements.tick().batched;
  if (form.is_queue()) return queue_of(workers);
  const std::string column = pg::quote_identifier(form.key);
  const pg::Rows ends =
      tx.query(fmt::format("SELECT min({0}) AS low, max({0}) AS high FROM {1}", column, key_table));
  if (!ends.at(0, "low")) return {};
  check_lowest(ends.integer(0, "low"), form.key, key_table);
  return cut(ends.integer(0, "low"), ends.integer(0, "high"),
             workers == 1 ? 1 : workers * kSharesPerWorker);
}

void store(pg::Transaction& tx, const SlotKey& key, std::int64_t token,
           const std::vector<Share>& shares) {
  tx.query("DELETE FROM scalectl.tick_shares WHERE tick = $1 AND target = $2",
           {key.tick, key.target});
  for (const Share& share : shares) insert(tx, key, token, share);
}

std::vector<Share> take_over_shares(pg::Transaction& tx, const SlotKey& key, std::int64_t token,
                                    bool queue, std::int64_t workers) {
  const pg::Rows rows = tx.query(
      "UPDATE scalectl.tick_shares SET token = $3 WHERE tick = $1 AND target = $2"
      " RETURNING share, after_key, upto_key, rows",
      {key.tick, key.target, std::to_string(token)});
  std::vector<Share> shares;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    shares.push_back({.number = static_cast<int>(rows.integer(i, "share")),
                      .ranged = !queue,
                      .after = queue ? 0 : rows.integer(i, "after_key"),
                      .upto = queue ? 0 : rows.integer(i, "upto_key"),
                      .rows = rows.integer(i, "rows")});
  }
  std::sort(shares.begin(), shares.end(),
            [](const Share& a, const Share& b) { return a.number < b.number; });
  for (int number = static_cast<int>(shares.size()); queue && number < workers; ++number) {
    shares.push_back({.number = number, .ranged = false});
    insert(tx, key, token, shares.back());
  }
  return shares;
}

void advance(pg::Transaction& tx, const SlotKey& key, std::int64_t token, const Share& share,
             std::optional<std::int64_t> next, std::int64_t rows) {
  const std::int64_t moved =
      tx.query(
            "UPDATE scalectl.tick_shares SET after_key = $5, rows = rows + $6"
            " WHERE tick = $1 AND target = $2 AND share = $3 AND token = $4"
            "   AND after_key IS NOT DISTINCT FROM $7",
            {key.tick, key.target, std::to_string(share.number), std::to_string(token),
             next ? pg::Param(std::to_string(*next)) : std::nullopt, std::to_string(rows),
             key_text(share, share.after)})
          .affected();
  if (moved != 1) throw fenced_off(key, token);
}

void finish(pg::Transaction& tx, const SlotKey& key, std::int64_t token) {
  const std::int64_t marked =
      tx.query(
            "UPDATE scalectl.tick_slots SET state = 'done'"
            " WHERE tick = $1 AND target = $2 AND token = $3 AND state = 'working'",
            {key.tick, key.target, std::to_string(token)})
          .affected();
  if (marked != 1) throw fenced_off(key, token);
  tx.query("DELETE FROM scalectl.tick_shares WHERE tick = $1 AND target = $2",
           {key.tick, key.target});
}

}  // namespace scalectl::tick
