// The Results of load commands that the binary prints, held against their contract.
#pragma once

#include <gmock/gmock.h>

#include "support/command.hpp"
#include "support/json.hpp"

namespace scalectl::test {

/// The Result that a load command printed as JSON, once it keeps the schema and its counts add up.
inline core::Value load_result(const Outcome& outcome) {
  const core::Value result = json(outcome.out);
  EXPECT_THAT(violations(result), testing::IsEmpty());
  const auto count = [&](const std::string& name) {
    return integer_at(result, "metrics.requests." + name);
  };
  EXPECT_EQ(count("scheduled"), count("sent") + count("missed"));
  EXPECT_EQ(count("sent"), count("ok") + count("http_error") + count("transport_error") +
                               count("timeout") + count("unfinished"));
  EXPECT_EQ(integer_at(result, "metrics.latency_ms.response.count"),
            count("ok") + count("http_error") + count("timeout") + count("unfinished"));
  std::int64_t statuses = 0;
  for (const auto& [status, number] : *at(result, "metrics.statuses").if_object()) {
    statuses += *number.if_integer();
  }
  EXPECT_EQ(statuses, count("ok") + count("http_error"));
  std::int64_t failures = 0;
  for (const auto& [name, number] : *at(result, "metrics.failures").if_object()) {
    failures += *number.if_integer();
  }
  EXPECT_EQ(failures, count("transport_error") + count("timeout"));
  return result;
}

inline std::int64_t request_count(const core::Value& result, const std::string& name) {
  return integer_at(result, "metrics.requests." + name);
}

}  // namespace scalectl::test
