#include "load/tally.hpp"

#include <gmock/gmock.h>

#include "load/arrivals.hpp"
#include "load/deadlines.hpp"
#include "support/thrown.hpp"

namespace scalectl::load {
namespace {

using net::FailureClass;
using test::error_of;
using testing::HasSubstr;

/// Two ok, one error of HTTP, one reset, one timeout, one unfinished, one missed.
Tally sample() {
  Tally tally;
  tally.counts = {.scheduled = 7,
                  .missed = 1,
                  .sent = 6,
                  .ok = 2,
                  .http_error = 1,
                  .transport_error = 1,
                  .timeout = 1,
                  .unfinished = 1,
                  .redirects = 4};
  for (const int latency : {10, 20, 30, 40, 50}) tally.latencies.response.record(latency);
  tally.count_failure({FailureClass::kReset, "first"});
  tally.count_failure({FailureClass::kTimeout, "late"});
  tally.statuses = {{200, 2}, {500, 1}};
  tally.bytes_in = 100;
  tally.bytes_out = 10;
  tally.connections_opened = 3;
  tally.connections_failed = 1;
  return tally;
}

TEST(Identities, OfASoundTally_Hold) {
  EXPECT_NO_THROW(check_request_identities(sample()));
  EXPECT_NO_THROW(check_request_identities(Tally{}));
}

TEST(Identities, EachCountAlone_IsMissed) {
  const std::pair<std::uint64_t Counts::*, const char*> cases[] = {
      {&Counts::scheduled, "scheduled = sent + missed"},
      {&Counts::missed, "scheduled = sent + missed"},
      {&Counts::sent, "scheduled = sent + missed"},
      {&Counts::ok, "sent = ok"},
      {&Counts::http_error, "sent = ok"},
      {&Counts::transport_error, "sent = ok"},
      {&Counts::timeout, "sent = ok"},
      {&Counts::unfinished, "sent = ok"},
  };
  for (const auto& [member, identity] : cases) {
    Tally tally = sample();
    ++(tally.counts.*member);
    const core::Error error = error_of([&] { check_request_identities(tally); });
    EXPECT_EQ(error.kind(), core::ErrorKind::kFailed);
    EXPECT_THAT(error.message(), HasSubstr(identity));
  }
}

TEST(Identities, LatencyTooMany_IsMissed) {
  Tally tally = sample();
  tally.latencies.response.record(1);
  EXPECT_THAT(error_of([&] { check_request_identities(tally); }).message(),
              HasSubstr("latency_ms.response.count"));
}

TEST(Identities, FailureWithoutAClass_IsMissed) {
  Tally tally = sample();
  tally.failures = {};
  EXPECT_THAT(error_of([&] { check_request_identities(tally); }).message(), HasSubstr("failures = "));
}

TEST(TallyMerge, AddsEverything) {
  Tally tally = sample();
  Tally other = sample();
  other.failures[static_cast<std::size_t>(FailureClass::kReset)].example = "second";
  other.count_failure({FailureClass::kDns, "name"});
  other.statuses = {{200, 5}, {404, 1}};
  tally.merge(other);
  EXPECT_EQ(tally.counts.scheduled, 14);
  EXPECT_EQ(tally.counts.redirects, 8);
  EXPECT_EQ(tally.latencies.response.count(), 10);
  EXPECT_EQ(tally.failures[static_cast<std::size_t>(FailureClass::kReset)].count, 2);
  EXPECT_EQ(tally.failures[static_cast<std::size_t>(FailureClass::kReset)].example, "first");
  EXPECT_EQ(tally.failures[static_cast<std::size_t>(FailureClass::kDns)].example, "name");
  EXPECT_EQ(tally.statuses, (std::map<int, std::uint64_t>{{200, 7}, {404, 1}, {500, 1}}));
  EXPECT_EQ(tally.bytes_in, 200);
  EXPECT_EQ(tally.bytes_out, 20);
  EXPECT_EQ(tally.connections_opened, 6);
  EXPECT_EQ(tally.connections_failed, 2);
}

TEST(TallyClear, LeavesNothing) {
  Tally tally = sample();
  tally.clear();
  EXPECT_NO_THROW(check_request_identities(tally));
  EXPECT_EQ(tally.counts.sent, 0);
  EXPECT_TRUE(tally.latencies.response.empty());
  EXPECT_TRUE(tally.statuses.empty());
  EXPECT_EQ(tally.bytes_in + tally.bytes_out + tally.connections_opened + tally.connections_failed,
            0);
}

// --- Deadlines ---

TEST(Deadlines, AreInOrderHoweverTheyWereAdded) {
  Deadlines list;
  DeadlineHook hooks[5];
  const core::Nanos order[] = {30, 10, 50, 20, 40};
  for (int i = 0; i < 5; ++i) list.add(hooks[i], order[i]);
  for (const core::Nanos expected : {10, 20, 30, 40, 50}) {
    ASSERT_FALSE(list.empty());
    EXPECT_EQ(list.front().deadline, expected);
    Deadlines::remove(list.front());
  }
  EXPECT_TRUE(list.empty());
}

TEST(Deadlines, OfTheSameInstant_KeepTheirOrder) {
  Deadlines list;
  DeadlineHook first;
  DeadlineHook second;
  list.add(first, 10);
  list.add(second, 10);
  EXPECT_EQ(&list.front(), &first);
}

TEST(Deadlines, AddedAgain_MoveFromListToList) {
  Deadlines one;
  Deadlines other;
  DeadlineHook hook;
  one.add(hook, 10);
  one.add(hook, 20);
  EXPECT_EQ(one.front().deadline, 20);
  other.add(hook, 5);
  EXPECT_TRUE(one.empty());
  EXPECT_EQ(&other.front(), &hook);
  Deadlines::remove(hook);
  Deadlines::remove(hook);
  EXPECT_FALSE(hook.linked());
  EXPECT_TRUE(other.empty());
}

// --- Arrivals ---

TEST(Arrivals, OfAShard_AreItsPartOfTheSchedule) {
  const Schedule schedule = Schedule::constant(parse_rate("10/s"), core::kSecond);
  Arrivals arrivals(schedule, {1, 3});
  EXPECT_EQ(arrivals.total(), 3);  // 1, 4 and 7
  EXPECT_EQ(arrivals.before(0), 0);
  EXPECT_EQ(arrivals.before(100 * core::kMillisecond), 0);
  EXPECT_EQ(arrivals.before(100 * core::kMillisecond + 1), 1);
  EXPECT_EQ(arrivals.before(2 * core::kSecond), 3);
  for (const core::Nanos at : {100, 400, 700}) {
    EXPECT_EQ(arrivals.next(), at * core::kMillisecond);
    arrivals.pop();
  }
  EXPECT_EQ(arrivals.next(), Schedule::kNever);
}

}  // namespace
}  // namespace scalectl::load
