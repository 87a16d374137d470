#include "load/recorder.hpp"

#include <gmock/gmock.h>

#include "support/json.hpp"

namespace scalectl::load {
namespace {

using core::kMillisecond;
using core::kSecond;

constexpr core::Nanos kBegin = 5'000 * kSecond;

/// All that was handed over, in order.
std::vector<std::unique_ptr<Second>> ended(Recorder& recorder) {
  recorder.end();
  return recorder.take();
}

TEST(Recorder, Seconds_AreHandedOverWhenTheyArePast) {
  Recorder recorder;
  recorder.begin(kBegin, false);
  recorder.sent();
  recorder.advance(kBegin + kSecond - 1);
  EXPECT_TRUE(recorder.take().empty());
  recorder.advance(kBegin + kSecond);
  recorder.sent();
  recorder.sent();
  recorder.advance(kBegin + 4 * kSecond + 1);  // nothing happened meanwhile
  recorder.sent();
  const auto seconds = ended(recorder);
  ASSERT_EQ(seconds.size(), 3);
  EXPECT_EQ(seconds[0]->index, 0);
  EXPECT_EQ(seconds[0]->tally.counts.sent, 1);
  EXPECT_EQ(seconds[1]->index, 1);
  EXPECT_EQ(seconds[1]->tally.counts.sent, 2);
  EXPECT_EQ(seconds[2]->index, 4);
  EXPECT_EQ(seconds[2]->tally.counts.sent, 1);
}

TEST(Recorder, BeforeTheBeginning_BelongsToTheFirstSecond) {
  Recorder recorder;
  recorder.opened(kMillisecond, 0);
  recorder.advance(kBegin);
  recorder.open_failed();
  recorder.begin(kBegin, false);
  recorder.opened(2 * kMillisecond, 3 * kMillisecond);
  const auto seconds = ended(recorder);
  ASSERT_EQ(seconds.size(), 1);
  const Tally& tally = seconds[0]->tally;
  EXPECT_EQ(seconds[0]->index, 0);
  EXPECT_EQ(tally.connections_opened, 2);
  EXPECT_EQ(tally.connections_failed, 1);
  EXPECT_EQ(tally.latencies.connect.count(), 2);
  EXPECT_EQ(tally.latencies.tls.count(), 1);
}

TEST(Recorder, Outcomes_AreCountedAndMeasuredEachInItsWay) {
  Recorder recorder;
  recorder.begin(kBegin, false);
  for (int i = 0; i < 6; ++i) recorder.sent();
  recorder.answered(200, kBegin, 10, 8, 5);
  recorder.answered(399, kBegin, 10, 8, 5);
  recorder.answered(400, kBegin, 20, 18, 15);
  recorder.failed({net::FailureClass::kReset, "read: reset"}, kBegin, 30, 28);
  recorder.failed({net::FailureClass::kTimeout, "late"}, kBegin, 40,
                  -1);  // while it was connecting
  recorder.unfinished(kBegin, 50, 48);
  recorder.settle(7, 1);
  const auto seconds = ended(recorder);
  ASSERT_EQ(seconds.size(), 1);
  const Tally& tally = seconds[0]->tally;
  EXPECT_EQ(tally.counts.ok, 2);
  EXPECT_EQ(tally.counts.http_error, 1);
  EXPECT_EQ(tally.counts.transport_error, 1);
  EXPECT_EQ(tally.counts.timeout, 1);
  EXPECT_EQ(tally.counts.unfinished, 1);
  EXPECT_EQ(tally.latencies.response.count(), 5);
  EXPECT_EQ(tally.latencies.response.max(), 50);
  EXPECT_EQ(tally.latencies.service.count(), 4);
  EXPECT_EQ(tally.latencies.first_byte.count(), 3);
  EXPECT_EQ(tally.statuses, (std::map<int, std::uint64_t>{{200, 1}, {399, 1}, {400, 1}}));
  EXPECT_EQ(tally.failures[static_cast<std::size_t>(net::FailureClass::kReset)].example,
            "read: reset");
  EXPECT_NO_THROW(check_request_identities(tally));
}

TEST(Recorder, Traffic_IsOfEachSecondWhatWasAdded) {
  Recorder recorder;
  recorder.begin(kBegin, false);
  recorder.traffic(100, 10);
  recorder.advance(kBegin + kSecond);
  recorder.traffic(150, 30);
  const auto seconds = ended(recorder);
  ASSERT_EQ(seconds.size(), 2);
  EXPECT_EQ(seconds[0]->tally.bytes_in, 100);
  EXPECT_EQ(seconds[1]->tally.bytes_in, 50);
  EXPECT_EQ(seconds[1]->tally.bytes_out, 20);
}

TEST(Recorder, Samples_AreOneLineForEachOutcome) {
  Recorder recorder;
  recorder.begin(kBegin, true);
  recorder.answered(200, kBegin + 1'500 * kMillisecond, 12'345'678, 2'000'000, 1);
  recorder.answered(503, kBegin, 1'000'000, 1'000'000, 1);
  recorder.failed({net::FailureClass::kRefused, "connect: \"x\""}, kBegin, 5'000'000, -1);
  recorder.unfinished(kBegin, 7'000'000, 6'000'000);
  const auto seconds = ended(recorder);
  EXPECT_EQ(
      seconds[0]->samples,
      R"({"planned_s":1.500000,"outcome":"ok","response_ms":12.345678,"service_ms":2.000000,"status":200})"
      "\n"
      R"({"planned_s":0.000000,"outcome":"http_error","response_ms":1.000000,"service_ms":1.000000,"status":503})"
      "\n"
      R"({"planned_s":0.000000,"outcome":"refused","response_ms":5.000000})"
      "\n"
      R"({"planned_s":0.000000,"outcome":"unfinished","response_ms":7.000000,"service_ms":6.000000})"
      "\n");
  EXPECT_EQ(test::json_lines(seconds[0]->samples).size(), 4);
}

TEST(Recorder, SecondsGivenBack_AreEmptyWhenTheyComeAgain) {
  Recorder recorder;
  recorder.begin(kBegin, true);
  recorder.answered(200, kBegin, 10, 8, 5);
  recorder.advance(kBegin + kSecond);
  for (auto& second : recorder.take()) recorder.give_back(std::move(second));
  recorder.advance(kBegin + 2 * kSecond);
  const auto seconds = ended(recorder);
  ASSERT_EQ(seconds.size(), 2);
  for (const auto& second : seconds) {
    EXPECT_EQ(second->tally.counts.ok, 0);
    EXPECT_TRUE(second->tally.latencies.response.empty());
    EXPECT_TRUE(second->tally.statuses.empty());
    EXPECT_EQ(second->samples, "");
  }
  EXPECT_EQ(seconds[1]->index, 2);
}

}  // namespace
}  // namespace scalectl::load
