#include "core/histogram.hpp"

#include <gmock/gmock.h>
#include <malloc.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/rng.hpp"
#include "support/thrown.hpp"

namespace scalectl::core {
namespace {

using test::error_of;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::int64_t kTop = Histogram::kMaxValue;
constexpr std::uint64_t kSamples = 120'000;

Histogram of(const std::vector<std::int64_t>& values) {
  Histogram histogram;
  for (const std::int64_t value : values) histogram.record(value);
  return histogram;
}

// --- quantiles against the sorted sample ---

using Draw = std::function<double(Rng&)>;

/// Distributions of latency in nanoseconds; the first three span six decades and more.
const std::pair<const char*, Draw> kDistributions[] = {
    {"log-uniform", [](Rng& rng) { return 1e3 * std::pow(10, 6 * rng.unit()); }},
    {"exponential", [](Rng& rng) { return -5e6 * std::log1p(-rng.unit()); }},
    {"heavy tail", [](Rng& rng) { return 1e4 * std::pow(1 - rng.unit(), -1.2); }},
    {"bimodal", [](Rng& rng) { return (rng.chance(0.97) ? 8e5 : 1e9) * (1 + 0.2 * rng.unit()); }},
    {"constant", [](Rng&) { return 1'234'567.0; }},
    {"small", [](Rng& rng) { return 4095 * rng.unit(); }}};

std::vector<std::int64_t> sample(const Draw& draw, std::uint64_t seed) {
  std::vector<std::int64_t> values(kSamples);
  for (std::uint64_t i = 0; i < kSamples; ++i) {
    Rng rng(seed, 1, i);
    values[i] = static_cast<std::int64_t>(draw(rng));
  }
  return values;
}

TEST(Histogram, Quantiles_AreWithinOnePartIn2048OfTheSortedSample) {
  for (const auto& [name, draw] : kDistributions) {
    std::vector<std::int64_t> values = sample(draw, 7);
    const Histogram histogram = of(values);
    std::sort(values.begin(), values.end());
    long double sum = 0;
    for (const std::int64_t value : values) sum += static_cast<long double>(value);

    EXPECT_EQ(histogram.count(), kSamples) << name;
    EXPECT_EQ(histogram.min(), values.front()) << name;
    EXPECT_EQ(histogram.max(), values.back()) << name;
    EXPECT_DOUBLE_EQ(histogram.mean(), static_cast<double>(sum / kSamples)) << name;
    for (std::uint64_t per_100k = 1; per_100k <= 100'000; per_100k += 101) {
      const std::int64_t exact = values[(per_100k * kSamples + 99'999) / 100'000 - 1];
      const std::int64_t found = histogram.quantile(static_cast<double>(per_100k) / 100'000);
      ASSERT_GE(found, exact) << name << " " << per_100k;
      ASSERT_LE(found - exact, exact / 2048) << name << " " << per_100k;
    }
    EXPECT_EQ(histogram.quantile(1), values.back()) << name;
  }
}

TEST(Histogram, ValuesBelow4096_AreExact) {
  std::vector<std::int64_t> values(4096);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::int64_t>(i);
  const Histogram histogram = of(values);
  for (std::size_t i = 0; i < values.size(); ++i) {
    ASSERT_EQ(histogram.quantile(static_cast<double>(i + 1) / 4096), values[i]);
    ASSERT_EQ(histogram.count_at_most(values[i]), i + 1);
  }
}

TEST(Histogram, Quantile_IsTheNearestRank) {
  const Histogram histogram = of({10, 20, 30, 40, 50});
  const std::pair<double, std::int64_t> cases[] = {{-1, 10},  {0, 10},   {0.2, 10}, {0.21, 20},
                                                   {0.4, 20}, {0.5, 30}, {0.8, 40}, {0.81, 50},
                                                   {1, 50},   {2, 50},   {NAN, 10}};
  for (const auto& [q, value] : cases) EXPECT_EQ(histogram.quantile(q), value) << q;
}

TEST(Histogram, RankThatIsWholeButForRounding_IsThatRank) {
  Histogram histogram;  // 0.07 * 100 is 7.000000000000001 in doubles
  for (std::int64_t value = 1; value <= 100; ++value) histogram.record(value);
  for (std::int64_t percent = 1; percent <= 100; ++percent) {
    EXPECT_EQ(histogram.quantile(static_cast<double>(percent) / 100), percent);
  }
}

TEST(Histogram, QuantileOfACoarseBucket_IsItsHighestValueButNotOverMax) {
  Histogram histogram = of({1'000'001});  // the bucket of 256 that begins at 2^9 * 1953
  EXPECT_EQ(histogram.quantile(0.5), 1'000'001);
  histogram.record(2'000'000);
  EXPECT_EQ(histogram.quantile(0.5), 1'000'191);
}

TEST(Histogram, NothingRecorded_IsZeroEverywhere) {
  const Histogram histogram;
  EXPECT_TRUE(histogram.empty());
  EXPECT_EQ(histogram.min(), 0);
  EXPECT_EQ(histogram.max(), 0);
  EXPECT_EQ(histogram.mean(), 0);
  EXPECT_EQ(histogram.quantile(0.5), 0);
  EXPECT_EQ(histogram.quantile(1), 0);
  EXPECT_EQ(histogram.count_at_most(kTop), 0U);
  histogram.for_each([](const Histogram::Bucket&) { ADD_FAILURE(); });
}

// --- the edges of the range ---

TEST(Histogram, EdgeValues_ComeBackExactly) {
  for (const std::int64_t value :
       {std::int64_t{0}, std::int64_t{1}, std::int64_t{2047}, std::int64_t{2048},
        std::int64_t{4095}, std::int64_t{4096}, kTop - 1, kTop}) {
    const Histogram histogram = of({value});
    EXPECT_EQ(histogram.min(), value);
    EXPECT_EQ(histogram.max(), value);
    EXPECT_EQ(histogram.quantile(0.5), value);
    EXPECT_DOUBLE_EQ(histogram.mean(), static_cast<double>(value));
  }
}

TEST(Histogram, ValuesOutOfRange_CountAsItsEnds) {
  const Histogram histogram = of({-1, INT64_MIN, kTop + 1, INT64_MAX});
  EXPECT_EQ(histogram.count(), 4U);
  EXPECT_EQ(histogram.min(), 0);
  EXPECT_EQ(histogram.max(), kTop);
  EXPECT_EQ(histogram.count_at_most(0), 2U);
}

using Edges = std::tuple<std::int64_t, std::int64_t, std::uint64_t>;

std::vector<Edges> edges(const Histogram& histogram) {
  std::vector<Edges> all;
  histogram.for_each([&](const Histogram::Bucket& bucket) {
    all.emplace_back(bucket.lowest, bucket.highest, bucket.count);
  });
  return all;
}

TEST(Histogram, Buckets_WidenWithEachPowerOfTwo) {
  EXPECT_THAT(edges(of({0, 4095, 4096, 4097, 4098, 8191, 8192, kTop - 1, kTop})),
              ElementsAre(Edges{0, 0, 1}, Edges{4095, 4095, 1}, Edges{4096, 4097, 2},
                          Edges{4098, 4099, 1}, Edges{8190, 8191, 1}, Edges{8192, 8195, 1},
                          Edges{kTop - (kTop >> 12), kTop - 1, 1}, Edges{kTop, kTop, 1}));
}

TEST(Histogram, EveryPowerOfTwo_BeginsABucketThatEndsWithinOnePartIn2048) {
  for (int bit = 0; bit <= 62; ++bit) {
    const std::int64_t value = std::int64_t{1} << bit;
    for (const auto& [lowest, highest, count] : edges(of({value}))) {
      EXPECT_EQ(lowest, value);
      EXPECT_LE(highest - lowest, value / 2048);
    }
    if (bit > 1) {
      for (const auto& [lowest, highest, count] : edges(of({value - 1}))) {
        EXPECT_EQ(highest, value - 1);
      }
    }
  }
}

TEST(Histogram, CountAtMost_CountsTheWholeBucketOfTheValue) {
  const Histogram histogram = of({100, 5000, 5001, 9000});
  EXPECT_EQ(histogram.count_at_most(-1), 0U);
  EXPECT_EQ(histogram.count_at_most(99), 0U);
  EXPECT_EQ(histogram.count_at_most(100), 1U);
  EXPECT_EQ(histogram.count_at_most(5000), 3U);
  EXPECT_EQ(histogram.count_at_most(8999), 3U);
  EXPECT_EQ(histogram.count_at_most(9000), 4U);
}

// --- many at once, merging, clearing, copying ---

TEST(Histogram, RecordOfACount_IsThatManyRecords) {
  Histogram histogram;
  histogram.record(7000, 3);
  histogram.record(12, 0);
  EXPECT_EQ(histogram, of({7000, 7000, 7000}));
}

TEST(Histogram, MergedParts_AreExactlyTheWhole) {
  for (const auto& [name, draw] : kDistributions) {
    Histogram whole;
    std::vector<Histogram> parts(7);
    Histogram merged;
    const std::vector<std::int64_t> values = sample(draw, 11);
    for (std::size_t i = 0; i < values.size(); ++i) {
      whole.record(values[i]);
      parts[i % 6].record(values[i]);  // one stays empty
    }
    for (const Histogram& part : parts) merged.merge(part);
    EXPECT_EQ(merged, whole) << name;
    EXPECT_EQ(to_json(merged.to_value()), to_json(whole.to_value())) << name;
  }
}

TEST(Histogram, AnythingDifferent_IsNotEqual) {
  const Histogram histogram = of({5000, 9000});
  EXPECT_FALSE(histogram == of({5000}));
  EXPECT_FALSE(histogram == of({5000, 9001}));
  EXPECT_FALSE(of({1, 5, 5, 9}) == of({1, 4, 6, 9}));
}

TEST(Histogram, Cleared_IsAsNew) {
  Histogram histogram = of({3, 70'000, kTop});
  histogram.clear();
  EXPECT_EQ(histogram, Histogram());
  histogram.clear();
  histogram.record(50);
  histogram.record(kTop);
  EXPECT_EQ(histogram, of({50, kTop}));
}

TEST(Histogram, Copy_StandsOnItsOwn) {
  Histogram original = of({5000});
  Histogram copy = original;
  original.record(6000);
  EXPECT_EQ(copy, of({5000}));
  copy = original;
  EXPECT_EQ(copy, of({5000, 6000}));
  original.clear();
  EXPECT_EQ(copy, of({5000, 6000}));
}

std::size_t allocated() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

TEST(Histogram, Memory_IsTheSameHoweverMuchIsRecorded) {
  static_assert(Histogram::bytes() < 853'000 && sizeof(Histogram) <= 64);
  Histogram histogram;
  const std::size_t before = allocated();
  for (std::uint64_t i = 0; i < 1'000'000; ++i) {
    histogram.record(static_cast<std::int64_t>(Rng(3, 1, i).next() >> (1 + i % 63)));
  }
  EXPECT_EQ(allocated(), before);
  EXPECT_EQ(histogram.count(), 1'000'000U);
}

// --- the serialised form ---

TEST(HistogramValue, RoundTrip_IsTheSameHistogram) {
  for (const auto& [name, draw] : kDistributions) {
    const Histogram histogram = of(sample(draw, 13));
    const std::string text = to_json(histogram.to_value());
    EXPECT_EQ(Histogram::from_value(parse_json(text, "test")), histogram) << name;
  }
  EXPECT_EQ(Histogram::from_value(Histogram().to_value()), Histogram());
}

TEST(HistogramValue, Text_IsTheContract) {
  EXPECT_EQ(to_json(of({0, 0, 4095, 4097, 8192}).to_value()),
            R"({"schema":"scalectl.histogram/1","unit":"ns","digits":3,"min":0,"max":8192,)"
            R"("sum":16384,"counts":[[0,2],[4095,1],[4096,1],[6144,1]]})");
  EXPECT_EQ(to_json(Histogram().to_value()),
            R"({"schema":"scalectl.histogram/1","unit":"ns","digits":3,"min":0,"max":0,)"
            R"("sum":0,"counts":[]})");
}

TEST(HistogramValue, SumBeyond63Bits_IsText) {
  Histogram histogram;
  histogram.record(kTop, 4'000'000'000);
  const std::string text = to_json(histogram.to_value());
  EXPECT_THAT(text, HasSubstr(R"("sum":"18446744073709551616000000000")"));
  EXPECT_EQ(Histogram::from_value(parse_json(text, "test")), histogram);
}

/// What is said of a histogram whose members between digits and the end are `rest`.
std::string refusal(const std::string& rest) {
  const std::string text =
      R"({"schema":"scalectl.histogram/1","unit":"ns","digits":3,)" + rest + "}";
  const Error error = error_of([&] { Histogram::from_value(parse_json(text, "test")); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_THAT(error.hint(), HasSubstr("scalectl.histogram/1"));
  return error.message();
}

TEST(HistogramValue, OtherSchema_IsRefused) {
  const std::pair<const char*, const char*> cases[] = {
      {"[]", "histogram: not an object"},
      {"{}", "histogram: \"schema\" is missing"},
      {R"({"schema":1})", "histogram: \"schema\" is not scalectl.histogram/1"},
      {R"({"schema":"scalectl.result/1"})", "histogram: \"schema\" is not scalectl.histogram/1"},
      {R"({"schema":"scalectl.histogram/2"})",
       "histogram: \"schema\" is of a version that this scalectl does not read: "
       "\"scalectl.histogram/2\""},
      {R"({"schema":"scalectl.histogram/1"})", "histogram: \"unit\" is missing"},
      {R"({"schema":"scalectl.histogram/1","unit":"ms"})", "histogram: \"unit\" is not \"ns\""},
      {R"({"schema":"scalectl.histogram/1","unit":"ns","digits":2})",
       "histogram: \"digits\" is not 3"}};
  for (const auto& [text, message] : cases) {
    const Error error = error_of([&] { Histogram::from_value(parse_json(text, "test")); });
    EXPECT_EQ(error.message(), message);
  }
}

TEST(HistogramValue, MalformedCounts_AreRefused) {
  const std::pair<const char*, const char*> cases[] = {
      {"7", "\"counts\" is not a list"},
      {"[7]", "\"counts\"[0] is not [index, count]"},
      {"[[7]]", "\"counts\"[0] is not [index, count]"},
      {"[[5,1],[7,1,1]]", "\"counts\"[1] is not [index, count]"},
      {"[[\"5\",1]]", "\"counts\"[0]: the index is not an integer"},
      {"[[-5,1]]", "\"counts\"[0]: the index is negative (-5)"},
      {"[[106497,1]]", "\"counts\"[0]: the index 106497 is out of range"},
      {"[[5,1.0]]", "\"counts\"[0]: the count is not an integer"},
      {"[[5,null]]", "\"counts\"[0]: the count is not an integer"},
      {"[[5,-1]]", "\"counts\"[0]: the count is negative (-1)"},
      {"[[5,0]]", "\"counts\"[0]: the count is 0"},
      {"[[5,1],[5,1]]", "\"counts\"[1]: the index 5 does not follow 5"},
      {"[[5,1],[4,1]]", "\"counts\"[1]: the index 4 does not follow 5"},
      {"[[5,9223372036854775807],[6,1]]",
       "\"counts\"[1]: the counts add up to more than 2^63 - 1"}};
  for (const auto& [counts, message] : cases) {
    EXPECT_EQ(refusal(R"("min":5,"max":5,"sum":5,"counts":)" + std::string(counts)),
              std::string("histogram: ") + message);
  }
}

TEST(HistogramValue, MinMaxOrSumThatTheCountsContradict_IsRefused) {
  // Index 4096 holds 4096 and 4097, index 4097 holds 4098 and 4099.
  const std::pair<const char*, const char*> cases[] = {
      {R"("max":5,"sum":5,"counts":[[5,1]])", "\"min\" is missing"},
      {R"("min":5,"sum":5,"counts":[[5,1]])", "\"max\" is missing"},
      {R"("min":5,"max":5,"counts":[[5,1]])", "\"sum\" is missing"},
      {R"("min":5,"max":5,"sum":5)", "\"counts\" is missing"},
      {R"("min":-5,"max":5,"sum":5,"counts":[[5,1]])", "\"min\" is negative (-5)"},
      {R"("min":5,"max":"5","sum":5,"counts":[[5,1]])", "\"max\" is not an integer"},
      {R"("min":5,"max":5,"sum":5.5,"counts":[[5,1]])", "\"sum\" is not an integer"},
      {R"("min":5,"max":5,"sum":"5x","counts":[[5,1]])", "\"sum\" is not a number: \"5x\""},
      {R"("min":5,"max":5,"sum":"","counts":[[5,1]])", "\"sum\" is not a number: \"\""},
      {R"("min":6,"max":5,"sum":5,"counts":[[5,1]])", "\"min\" 6 is over \"max\" 5"},
      {R"("min":4,"max":5,"sum":5,"counts":[[5,1]])",
       "\"min\" 4 is not in the first bucket counted"},
      {R"("min":5,"max":6,"sum":5,"counts":[[5,1]])",
       "\"max\" 6 is not in the last bucket counted"},
      {R"("min":5,"max":4611686018427387905,"sum":5,"counts":[[106496,1]])",
       "\"max\" 4611686018427387905 is not in the last bucket counted"},
      {R"("min":5,"max":5,"sum":6,"counts":[[5,1]])",
       "\"sum\" 6 contradicts the counts: from 5 to 5 is possible"},
      {R"("min":4096,"max":4098,"sum":12289,"counts":[[4096,2],[4097,1]])",
       "\"sum\" 12289 contradicts the counts: from 12290 to 12291 is possible"},
      {R"("min":4096,"max":4097,"sum":4096,"counts":[[4096,1]])",
       "\"sum\" 4096 contradicts the counts: from 4097 to 4096 is possible"},
      {R"("min":1,"max":0,"sum":0,"counts":[])",
       "\"min\", \"max\" and \"sum\" are not 0, though nothing was counted"}};
  for (const auto& [rest, message] : cases) {
    EXPECT_EQ(refusal(rest), std::string("histogram: ") + message);
  }
}

}  // namespace
}  // namespace scalectl::core
