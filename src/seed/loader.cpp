#include "seed/loader.hpp"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

#include "core/error.hpp"

namespace scalectl::seed {
namespace {

using core::Error;
using core::ErrorKind;

constexpr std::uint64_t kRowsPerChunk = 2048;  // about 300 KiB
// An error of the server (a full disk, say) shows only at the end of a COPY, so that end must not be
// too far away: half a million rows.
constexpr std::uint64_t kChunksPerCopy = 256;

/// A ring of chunks: workers fill them out of order, the sender takes them in order.
class Ring {
 public:
  Ring(Units units, int workers)
      : units_(units.count),
        per_chunk_(std::max<std::uint64_t>(1, kRowsPerChunk / units.rows_each)),
        chunks_((units.count + per_chunk_ - 1) / per_chunk_),
        slots_(static_cast<std::size_t>(workers) * 2 + 2) {}

  /// A worker's life: claim a chunk, wait for its slot to be free, fill it.
  void work(const MakeRows& make_rows) {
    try {
      while (const auto chunk = claim()) {
        Slot& slot = slots_[*chunk % slots_.size()];
        slot.buffer.clear();
        const std::uint64_t end = units_through(*chunk);
        for (std::uint64_t unit = *chunk * per_chunk_; unit < end; ++unit) {
          make_rows(unit, slot.buffer);
        }
        publish(slot);
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      failure_ = std::current_exception();
      changed_.notify_all();
    }
  }

  std::uint64_t chunks() const { return chunks_; }
  /// How many units the chunks up to and including `chunk` hold.
  std::uint64_t units_through(std::uint64_t chunk) const {
    return std::min(units_, (chunk + 1) * per_chunk_);
  }

  /// Waits for chunk `chunk`, hands its bytes to `send`, and frees its slot.
  template <typename Send>
  void take(std::uint64_t chunk, const Send& send) {
    Slot& slot = slots_[chunk % slots_.size()];
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return slot.filled || failure_; });
      if (failure_) std::rethrow_exception(failure_);
    }
    send(slot.buffer.bytes());
    const std::lock_guard lock(mutex_);
    slot.filled = false;
    taken_ = chunk + 1;
    changed_.notify_all();
  }

  /// Sends the workers home.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

 private:
  struct Slot {
    pg::CopyBuffer buffer;
    bool filled = false;
  };

  std::optional<std::uint64_t> claim() {
    std::unique_lock lock(mutex_);
    const std::uint64_t chunk = next_++;
    changed_.wait(lock, [&] {
      return closed_ || chunk >= chunks_ || chunk < taken_ + slots_.size();
    });
    if (closed_ || chunk >= chunks_) return std::nullopt;
    return chunk;
  }

  void publish(Slot& slot) {
    const std::lock_guard lock(mutex_);
    slot.filled = true;
    changed_.notify_all();
  }

  const std::uint64_t units_;
  const std::uint64_t per_chunk_;
  const std::uint64_t chunks_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Slot> slots_;
  std::uint64_t next_ = 0;   // the chunk that the next claim gets
  std::uint64_t taken_ = 0;  // chunks below this were sent
  bool closed_ = false;
  std::exception_ptr failure_;
};

}  // namespace

std::int64_t copy_rows(pg::Transaction& transaction, const std::string& copy_sql, Units units,
                       int workers, const MakeRows& make_rows, const OnSent& on_sent,
                       const std::stop_token& stop) {
  Ring ring(units, workers);
  std::vector<std::jthread> threads;
  // Declared after the threads, so that it lets them go before they are joined.
  struct Closer {
    Ring& ring;
    ~Closer() { ring.close(); }
  };
  threads.reserve(static_cast<std::size_t>(workers));
  const Closer closer{ring};
  for (int i = 0; i < workers; ++i) threads.emplace_back([&] { ring.work(make_rows); });

  std::int64_t copied = 0;
  for (std::uint64_t chunk = 0; chunk < ring.chunks();) {
    pg::CopyIn copy(transaction, copy_sql);
    copy.put(pg::CopyBuffer::header());
    const std::uint64_t end = std::min(ring.chunks(), chunk + kChunksPerCopy);
    for (; chunk < end; ++chunk) {
      if (stop.stop_requested()) throw Error(ErrorKind::kInterrupted, "interrupted");
      ring.take(chunk, [&](std::string_view bytes) { copy.put(bytes); });
      on_sent(ring.units_through(chunk));
    }
    copy.put(pg::CopyBuffer::trailer());
    copied += copy.finish();
  }
  return copied;
}

}  // namespace scalectl::seed
