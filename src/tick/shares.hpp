// Shares: the key space of a batched tick, cut into parts that workers take one after another, and
// what the bookkeeping remembers of each: how far it has come, and under which token.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pg/session.hpp"
#include "tick/slot.hpp"
#include "tick/statements.hpp"

namespace scalectl::tick {

struct Share {
  int number = 0;
  bool ranged = true;      ///< false: a worker's part of a queue, which has no keys
  std::int64_t after = 0;  ///< done up to and including this key
  std::int64_t upto = 0;   ///< the last key of the share
  std::int64_t rows = 0;   ///< that earlier batches have worked

  /// Keys that are left; 0 for a queue.
  std::uint64_t keys_left() const;
};

/// Cuts the keys low to high into `count` shares of about the same length, or fewer where there are
/// not as many keys. `low` must not be the least bigint, which nothing is below.
std::vector<Share> cut(std::int64_t low, std::int64_t high, std::int64_t count);

/// The shares of a tick as its table stands: several for each of `workers`, so that gaps between
/// the keys leave nobody idle; for a queue one for each. Throws Error (usage) where the least
/// bigint is a key.
std::vector<Share> shares_of(pg::Transaction& tx, const Statements& statements,
                             const std::string& key_table, std::int64_t workers);

/// Puts `shares` into the bookkeeping under the claim's token, in place of those before.
void store(pg::Transaction& tx, const SlotKey& key, std::int64_t token,
           const std::vector<Share>& shares);

/// Takes the shares of an unfinished window over under `token`. Waits for batches under way; from
/// then on those of older tokens are refused. A queue gets a share for each of `workers`.
std::vector<Share> take_over_shares(pg::Transaction& tx, const SlotKey& key, std::int64_t token,
                                    bool queue, std::int64_t workers);

/// Moves a share on to `next` (nothing for a queue), by `rows` rows, in the batch's transaction.
/// Throws fenced_off() where the token is not the newest.
void advance(pg::Transaction& tx, const SlotKey& key, std::int64_t token, const Share& share,
             std::optional<std::int64_t> next, std::int64_t rows);

/// Marks the window as done and forgets its shares. Throws fenced_off().
void finish(pg::Transaction& tx, const SlotKey& key, std::int64_t token);

}  // namespace scalectl::tick
