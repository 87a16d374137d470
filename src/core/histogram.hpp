// Histogram: counts of non-negative 64-bit values (nanoseconds, by convention of its users) over
// the whole range 0 to 2^62 in constant memory, from which quantiles are read with a relative error
// under 1/2048 (3 significant digits). Histograms of parts merge into exactly the histogram of the
// whole.
//
// Layout after HdrHistogram (Gil Tene, hdrhistogram.org): values below 4096 have a bucket each;
// above, each power of two is divided into 2048 buckets of equal width. The counts are one array of
// 832 KiB that is allocated zeroed: pages that no value has touched take no memory.
//
// One thread owns a Histogram; nothing in it is locked. Only construction and copying allocate.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>

#include "core/value.hpp"

namespace scalectl::core {

class Histogram {
 public:
  /// The largest value told apart: 2^62 ns are 146 years.
  static constexpr std::int64_t kMaxValue = std::int64_t{1} << 62;

  /// The values of one bucket, both ends included, and how many were recorded.
  struct Bucket {
    std::int64_t lowest;
    std::int64_t highest;
    std::uint64_t count;
  };

  /// Empty. Throws std::bad_alloc.
  Histogram();
  Histogram(const Histogram& other);
  Histogram& operator=(const Histogram& other);
  /// What is moved from may only be assigned to or destroyed.
  Histogram(Histogram&&) noexcept = default;
  Histogram& operator=(Histogram&&) noexcept = default;

  /// Counts `value`, `count` times. A value below 0 counts as 0, one above kMaxValue as kMaxValue.
  /// The counts must not add up to more than 2^63 - 1.
  void record(std::int64_t value, std::uint64_t count = 1) {
    if (count == 0) return;
    value = std::clamp<std::int64_t>(value, 0, kMaxValue);
    counts_[index_of(value)] += count;
    count_ += count;
    sum_ += static_cast<unsigned __int128>(value) * count;
    min_ = std::min(min_, value);
    max_ = std::max(max_, value);
  }

  /// Adds all that `other` has counted.
  void merge(const Histogram& other);

  /// Back to empty; costs time for the range between min and max only.
  void clear();

  std::uint64_t count() const { return count_; }
  bool empty() const { return count_ == 0; }
  /// The least and greatest value recorded, exact; 0 where nothing was.
  std::int64_t min() const { return empty() ? 0 : min_; }
  std::int64_t max() const { return empty() ? 0 : max_; }
  /// The arithmetic mean, of an exact sum; 0 where nothing was recorded.
  double mean() const;

  /// The quantile `q` by nearest rank: the value whose rank in the sorted sample is the least k
  /// with k / count >= q, at least 1 (Hyndman and Fan 1996, definition 1). What is returned is the
  /// highest value of its bucket, never more than max: at least the exact quantile, and less than
  /// 1/2048 above it; exact below 4096, for q = 1 and for a constant sample. 0 where nothing was
  /// recorded; a `q` outside [0, 1] counts as the nearer end.
  std::int64_t quantile(double q) const;

  /// How many recorded values share a bucket with `value` or lie below it.
  std::uint64_t count_at_most(std::int64_t value) const;

  /// Calls `visit` with each Bucket that is not empty, in ascending order.
  template <typename Visit>
  void for_each(const Visit& visit) const {
    if (empty()) return;
    for (std::size_t i = index_of(min_); i <= index_of(max_); ++i) {
      if (counts_[i] != 0) visit(Bucket{lowest_of(i), highest_of(i), counts_[i]});
    }
  }

  bool operator==(const Histogram& other) const;

  /// Schema scalectl.histogram/1: {"schema", "unit": "ns", "digits": 3, "min", "max", "sum",
  /// "counts": [[index, count], …]} with the buckets that are not empty, ascending. The sum is
  /// exact: an integer, or its decimal digits as text where it is over 2^63 - 1.
  Value to_value() const;

  /// The histogram that `to_value` wrote. Throws Error (usage) that names the member at fault:
  /// another schema or version, counts that are no counts, indexes out of range or order, a min,
  /// max or sum that the counts contradict. Members it does not know are passed over.
  static Histogram from_value(const Value& value);

  /// Address space of the counts, the same for every histogram.
  static constexpr std::size_t bytes() { return kBuckets * sizeof(std::uint64_t); }

 private:
  static constexpr int kBits = 11;  ///< 2^11 buckets for each power of two
  static constexpr std::int64_t kHalf = std::int64_t{1} << kBits;

  /// The number of bits by which `value` is too fine: 0 below 2^12, then one for each doubling.
  static constexpr int shift_of(std::int64_t value) {
    return static_cast<int>(std::bit_width(static_cast<std::uint64_t>(value | kHalf))) -
           (kBits + 1);
  }
  static constexpr std::size_t index_of(std::int64_t value) {
    const int shift = shift_of(value);
    return (static_cast<std::size_t>(shift) << kBits) + static_cast<std::size_t>(value >> shift);
  }
  static constexpr int shift_at(std::size_t index) {
    return index < 2 * kHalf ? 0 : static_cast<int>(index >> kBits) - 1;
  }
  static constexpr std::int64_t lowest_of(std::size_t index) {
    const int shift = shift_at(index);
    return static_cast<std::int64_t>(index - (static_cast<std::size_t>(shift) << kBits)) << shift;
  }
  static constexpr std::int64_t highest_of(std::size_t index) {
    return std::min(kMaxValue, lowest_of(index) + (std::int64_t{1} << shift_at(index)) - 1);
  }

  static constexpr std::size_t kBuckets =
      (static_cast<std::size_t>(62 - kBits) << kBits) + static_cast<std::size_t>(kHalf) + 1;

  void take_counts(const Array& pairs);
  void take_sums(std::int64_t min, std::int64_t max, unsigned __int128 sum);

  struct Free {
    void operator()(std::uint64_t* counts) const { std::free(counts); }
  };
  std::unique_ptr<std::uint64_t[], Free> counts_;
  std::uint64_t count_ = 0;
  unsigned __int128 sum_ = 0;
  std::int64_t min_ = std::numeric_limits<std::int64_t>::max();
  std::int64_t max_ = -1;
};

}  // namespace scalectl::core
