#include "core/histogram.hpp"

#include <fmt/format.h>

#include <cmath>
#include <new>
#include <string>
#include <utility>

#include "core/error.hpp"

namespace scalectl::core {
namespace {

using Wide = unsigned __int128;

constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();
constexpr std::string_view kFamily = "scalectl.histogram/";
constexpr std::string_view kVersion = "1";
constexpr std::string_view kUnit = "ns";
constexpr int kDigits = 3;

std::string decimal(Wide number) {
  std::string digits;
  do {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(number % 10)));
    number /= 10;
  } while (number != 0);
  return digits;
}

Error malformed(std::string what) {
  return usage_error("histogram: " + std::move(what),
                     "give a histogram as scalectl wrote it, schema scalectl.histogram/1");
}

const Value& member(const Object& object, const std::string& key) {
  const Value* value = object.find(key);
  if (value == nullptr) throw malformed("\"" + key + "\" is missing");
  return *value;
}

std::int64_t natural(const Value& value, const std::string& what) {
  const std::int64_t* number = value.if_integer();
  if (number == nullptr) throw malformed(what + " is not an integer");
  if (*number < 0) throw malformed(fmt::format("{} is negative ({})", what, *number));
  return *number;
}

/// A sum: an integer, or decimal digits as text.
Wide natural_sum(const Value& value) {
  const std::string* text = value.if_text();
  if (text == nullptr) return static_cast<Wide>(natural(value, "\"sum\""));
  Wide sum = 0;
  for (const char c : *text) {
    // 38 digits are below 2^127.
    if (c < '0' || c > '9' || text->size() > 38) {
      throw malformed("\"sum\" is not a number: \"" + *text + "\"");
    }
    sum = sum * 10 + static_cast<Wide>(c - '0');
  }
  if (text->empty()) throw malformed("\"sum\" is not a number: \"\"");
  return sum;
}

void check_schema(const Object& object) {
  const std::string* schema = member(object, "schema").if_text();
  if (schema == nullptr || !schema->starts_with(kFamily)) {
    throw malformed("\"schema\" is not scalectl.histogram/1");
  }
  if (schema->substr(kFamily.size()) != kVersion) {
    throw malformed("\"schema\" is of a version that this scalectl does not read: \"" + *schema +
                    "\"");
  }
  const std::string* unit = member(object, "unit").if_text();
  if (unit == nullptr || *unit != kUnit) throw malformed("\"unit\" is not \"ns\"");
  if (natural(member(object, "digits"), "\"digits\"") != kDigits) {
    throw malformed("\"digits\" is not 3");
  }
}

}  // namespace

Histogram::Histogram()
    : counts_(static_cast<std::uint64_t*>(std::calloc(kBuckets, sizeof(std::uint64_t)))) {
  if (counts_ == nullptr) throw std::bad_alloc();
}

Histogram::Histogram(const Histogram& other) : Histogram() { merge(other); }

Histogram& Histogram::operator=(const Histogram& other) {
  if (this != &other) *this = Histogram(other);
  return *this;
}

void Histogram::merge(const Histogram& other) {
  if (other.empty()) return;
  const std::size_t last = index_of(other.max_);
  for (std::size_t i = index_of(other.min_); i <= last; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

void Histogram::clear() {
  if (empty()) return;
  std::fill(&counts_[index_of(min_)], &counts_[index_of(max_)] + 1, 0);
  count_ = 0;
  sum_ = 0;
  min_ = std::numeric_limits<std::int64_t>::max();
  max_ = -1;
}

double Histogram::mean() const {
  return empty() ? 0 : static_cast<double>(sum_) / static_cast<double>(count_);
}

std::int64_t Histogram::quantile(double q) const {
  if (empty()) return 0;
  if (q >= 1) return max_;
  const auto total = static_cast<double>(count_);
  auto rank = q > 0 ? static_cast<std::uint64_t>(std::ceil(q * total)) : 1;
  // 0.07 * 100 is a little over 7: the product rounds, the quotient of two integers tells.
  if (rank > 1 && static_cast<double>(rank - 1) / total >= q) --rank;
  std::uint64_t seen = 0;
  std::size_t index = index_of(min_);
  while ((seen += counts_[index]) < rank && index < index_of(max_)) ++index;
  return std::min(highest_of(index), max_);
}

std::uint64_t Histogram::count_at_most(std::int64_t value) const {
  if (empty() || value < 0) return 0;
  if (value >= max_) return count_;
  std::uint64_t seen = 0;
  for (std::size_t i = index_of(min_); i <= index_of(value); ++i) seen += counts_[i];
  return seen;
}

bool Histogram::operator==(const Histogram& other) const {
  return count_ == other.count_ && sum_ == other.sum_ && min_ == other.min_ && max_ == other.max_ &&
         (empty() || std::equal(&counts_[index_of(min_)], &counts_[index_of(max_)] + 1,
                                &other.counts_[index_of(min_)]));
}

Value Histogram::to_value() const {
  Array counts;
  for_each([&](const Bucket& bucket) {
    counts.push_back(Array{Value(index_of(bucket.lowest)), Value(bucket.count)});
  });
  const bool fits = sum_ <= static_cast<Wide>(kLargest);
  return Object{{"schema", std::string(kFamily) + std::string(kVersion)},
                {"unit", kUnit},
                {"digits", kDigits},
                {"min", min()},
                {"max", max()},
                {"sum", fits ? Value(static_cast<std::int64_t>(sum_)) : Value(decimal(sum_))},
                {"counts", std::move(counts)}};
}

Histogram Histogram::from_value(const Value& value) {
  const Object* object = value.if_object();
  if (object == nullptr) throw malformed("not an object");
  check_schema(*object);
  const std::int64_t min = natural(member(*object, "min"), "\"min\"");
  const std::int64_t max = natural(member(*object, "max"), "\"max\"");
  const Wide sum = natural_sum(member(*object, "sum"));
  const Array* pairs = member(*object, "counts").if_array();
  if (pairs == nullptr) throw malformed("\"counts\" is not a list");
  Histogram histogram;
  histogram.take_counts(*pairs);
  histogram.take_sums(min, max, sum);
  return histogram;
}

void Histogram::take_counts(const Array& pairs) {
  std::int64_t previous = -1;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const std::string where = fmt::format("\"counts\"[{}]", i);
    const Array* pair = pairs[i].if_array();
    if (pair == nullptr || pair->size() != 2) throw malformed(where + " is not [index, count]");
    const std::int64_t index = natural((*pair)[0], where + ": the index");
    const std::int64_t count = natural((*pair)[1], where + ": the count");
    if (index >= static_cast<std::int64_t>(kBuckets)) {
      throw malformed(fmt::format("{}: the index {} is out of range", where, index));
    }
    if (index <= previous) {
      throw malformed(fmt::format("{}: the index {} does not follow {}", where, index, previous));
    }
    if (count == 0) throw malformed(where + ": the count is 0");
    if (count > kLargest - static_cast<std::int64_t>(count_)) {
      throw malformed(where + ": the counts add up to more than 2^63 - 1");
    }
    record(lowest_of(static_cast<std::size_t>(index)), static_cast<std::uint64_t>(count));
    previous = index;
  }
}

void Histogram::take_sums(std::int64_t min, std::int64_t max, Wide sum) {
  if (empty()) {
    if (min == 0 && max == 0 && sum == 0) return;
    throw malformed("\"min\", \"max\" and \"sum\" are not 0, though nothing was counted");
  }
  const std::size_t first = index_of(min_);
  const std::size_t last = index_of(max_);
  if (min > max) throw malformed(fmt::format("\"min\" {} is over \"max\" {}", min, max));
  if (max > kMaxValue || index_of(max) != last) {
    throw malformed(fmt::format("\"max\" {} is not in the last bucket counted", max));
  }
  if (index_of(min) != first) {
    throw malformed(fmt::format("\"min\" {} is not in the first bucket counted", min));
  }
  // The least and the greatest sum of values in these buckets, one of them min and one max.
  Wide least = 0;
  Wide greatest = 0;
  for_each([&](const Bucket& bucket) {
    least += static_cast<Wide>(std::max(bucket.lowest, min)) * bucket.count;
    greatest += static_cast<Wide>(std::min(bucket.highest, max)) * bucket.count;
  });
  least += static_cast<Wide>(max - std::max(lowest_of(last), min));
  greatest -= static_cast<Wide>(std::min(highest_of(first), max) - min);
  if (sum < least || sum > greatest) {
    throw malformed(fmt::format("\"sum\" {} contradicts the counts: from {} to {} is possible",
                                decimal(sum), decimal(least), decimal(greatest)));
  }
  min_ = min;
  max_ = max;
  sum_ = sum;
}

}  // namespace scalectl::core
