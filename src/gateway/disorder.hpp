// Disorder: what is done to the messages of one room on their way, on purpose, so that a client's
// counts of lost, repeated and overtaken messages can be held against the truth.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

#include "net/ws_server.hpp"

namespace scalectl::gateway {

/// Every Nth message of a room, counted from 1; 0 for none.
struct DisorderOptions {
  std::uint64_t drop = 0;       ///< reaches nobody
  std::uint64_t duplicate = 0;  ///< is delivered twice
  std::uint64_t reorder = 0;    ///< is delivered after the one that follows it
};

/// How often that was done, over all rooms.
struct DisorderCounts {
  std::atomic<std::uint64_t> dropped = 0;
  std::atomic<std::uint64_t> duplicated = 0;
  std::atomic<std::uint64_t> held = 0;       ///< to be reordered
  std::atomic<std::uint64_t> reordered = 0;  ///< of them, those whose successor has come
};

/// One room's. One thread at a time.
class Disorder {
 public:
  /// Appends to `out` what is to be delivered now that `frame` has been said. A message that is due
  /// for several is dropped before it is reordered, and repeated where it is delivered. While one
  /// is held back, the next that is not dropped is delivered at once, and the held one after it.
  void take(net::WsFramePtr frame, const DisorderOptions& options, DisorderCounts& counts,
            std::vector<net::WsFramePtr>& out) {
    ++said_;
    if (due(options.drop)) {
      ++counts.dropped;
      return;
    }
    const bool twice = due(options.duplicate);
    if (held_ == nullptr && due(options.reorder)) {
      held_ = std::move(frame);
      held_twice_ = twice;
      ++counts.held;
      return;
    }
    put(std::move(frame), twice, counts, out);
    if (held_ == nullptr) return;
    put(std::exchange(held_, nullptr), held_twice_, counts, out);
    ++counts.reordered;
  }

 private:
  bool due(std::uint64_t every) const { return every != 0 && said_ % every == 0; }

  static void put(net::WsFramePtr frame, bool twice, DisorderCounts& counts,
                  std::vector<net::WsFramePtr>& out) {
    if (twice) {
      out.push_back(frame);
      ++counts.duplicated;
    }
    out.push_back(std::move(frame));
  }

  std::uint64_t said_ = 0;
  net::WsFramePtr held_;
  bool held_twice_ = false;
};

}  // namespace scalectl::gateway
