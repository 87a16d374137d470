// Tally: what a load run counts and measures. Tallies of threads, seconds and shards add up.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "core/histogram.hpp"
#include "core/monotonic.hpp"
#include "net/failure.hpp"

namespace scalectl::load {

/// Counts of requests. Of every finished run:
///   scheduled = sent + missed
///   sent = ok + http_error + transport_error + timeout + unfinished
struct Counts {
  std::uint64_t scheduled = 0;  ///< starts that the plan wanted before its end
  std::uint64_t missed = 0;     ///< of those, never sent
  std::uint64_t sent = 0;
  std::uint64_t ok = 0;               ///< answered below 400
  std::uint64_t http_error = 0;       ///< answered with 400 or more
  std::uint64_t transport_error = 0;  ///< no answer: refused, reset, closed, tls, protocol, dns, local
  std::uint64_t timeout = 0;          ///< no complete answer, or no connection, in time
  std::uint64_t unfinished = 0;       ///< no answer yet when the run ended
  std::uint64_t redirects = 0;        ///< redirects followed: requests beside those sent

  void add(const Counts& other);
  std::uint64_t errors() const { return http_error + transport_error + timeout; }
};

/// Latencies in nanoseconds.
struct Latencies {
  /// From the planned instant to the end of the answer: of every ok and http_error; of a timeout up
  /// to giving up, and of an unfinished request its age at the end. Its count is the sum of those.
  core::Histogram response;
  core::Histogram service;     ///< the same, from the first byte written, where one was
  core::Histogram send_lag;    ///< from the planned instant to the first byte written
  core::Histogram connect;     ///< TCP connections made
  core::Histogram tls;         ///< TLS handshakes done
  core::Histogram first_byte;  ///< from the first byte written to the first byte read

  void merge(const Latencies& other);
  void clear();
};

struct FailureCount {
  std::uint64_t count = 0;
  std::string example;
};

struct Tally {
  Counts counts;
  Latencies latencies;
  std::map<int, std::uint64_t> statuses;
  std::array<FailureCount, net::kFailureClasses> failures;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t connections_opened = 0;
  std::uint64_t connections_failed = 0;

  void merge(const Tally& other);
  void clear();
  void count_failure(const net::Failure& failure);
};

/// Throws Error (failed) that names the identity that does not hold: a number must not be printed
/// then.
void check_identities(const Tally& tally);

}  // namespace scalectl::load
