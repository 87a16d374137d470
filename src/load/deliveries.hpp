// Deliveries: what one receiver got of one sender's messages, which count up from 0 without gaps.
#pragma once

#include <cstdint>

namespace scalectl::load {

class Deliveries {
 public:
  enum class Kind {
    kInOrder,
    kReordered,  ///< for the first time, but after one that was sent later
    kDuplicate,
  };

  /// How many messages behind the newest one are remembered one by one. What is later still counts
  /// as reordered, even if it was a duplicate.
  static constexpr std::uint32_t kWindow = 64;

  Kind take(std::uint32_t sequence) {
    if (unique_ == 0) {
      first_ = newest_ = sequence;
      window_ = 1;
      unique_ = 1;
      return Kind::kInOrder;
    }
    if (sequence > newest_) {
      const std::uint32_t ahead = sequence - newest_;
      window_ = ahead < kWindow ? window_ << ahead | 1U : 1U;
      newest_ = sequence;
      ++unique_;
      return Kind::kInOrder;
    }
    const std::uint32_t behind = newest_ - sequence;
    if (behind < kWindow) {
      const std::uint64_t bit = std::uint64_t{1} << behind;
      if ((window_ & bit) != 0) return Kind::kDuplicate;
      window_ |= bit;
    }
    if (sequence < first_) first_ = sequence;
    ++unique_;
    return Kind::kReordered;
  }

  /// The receiver was away and is back: what it missed before `sequence` is not lost on the way.
  void resume(std::uint32_t sequence) {
    if (!empty() && sequence > newest_) away_ += sequence - newest_ - 1;
  }

  bool empty() const { return unique_ == 0; }
  std::uint32_t first() const { return first_; }
  std::uint32_t newest() const { return newest_; }
  /// Messages received, each counted once.
  std::uint32_t unique() const { return unique_; }
  /// Messages up to the newest one that did not come, where the first expected one was `base`.
  std::uint32_t gaps(std::uint32_t base) const {
    return empty() ? 0 : newest_ + 1 - base - unique_ - away_;
  }
  std::uint32_t away() const { return away_; }

 private:
  std::uint32_t first_ = 0;
  std::uint32_t newest_ = 0;
  std::uint32_t unique_ = 0;
  std::uint32_t away_ = 0;
  std::uint64_t window_ = 0;  // bit i: newest_ - i has come
};

}  // namespace scalectl::load
