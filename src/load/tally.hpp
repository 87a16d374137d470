// Tally: what a load run counts and measures. Tallies of threads, seconds and shards add up.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <string>

#include "core/histogram.hpp"
#include "core/monotonic.hpp"
#include "load/step_tally.hpp"
#include "net/failure.hpp"

namespace scalectl::load {

/// Counts of requests. Of every finished run:
///   scheduled = sent + missed
///   sent = ok + http_error + transport_error + timeout + unfinished
struct Counts {
  std::uint64_t scheduled = 0;  ///< starts that the plan wanted before its end
  std::uint64_t missed = 0;     ///< of those, never sent
  std::uint64_t sent = 0;
  std::uint64_t ok = 0;          ///< answered below 400
  std::uint64_t http_error = 0;  ///< answered with 400 or more
  std::uint64_t transport_error =
      0;                         ///< no answer: refused, reset, closed, tls, protocol, dns, local
  std::uint64_t timeout = 0;     ///< no complete answer, or no connection, in time
  std::uint64_t unfinished = 0;  ///< no answer yet when the run ended
  std::uint64_t redirects = 0;   ///< redirects followed: requests beside those sent

  void add(const Counts& other);
  std::uint64_t errors() const { return http_error + transport_error + timeout; }
};

/// Counts of messages over WebSocket, beside scheduled, missed and sent. Of every finished run:
///   expected = delivered + lost + unfinished + away
struct MessageCounts {
  std::uint64_t expected = 0;     ///< messages times those who were to receive each
  std::uint64_t delivered = 0;    ///< received by one of those, each once
  std::uint64_t lost = 0;         ///< not received, though a later one of the same sender was
  std::uint64_t unfinished = 0;   ///< not received, nor any later one, when the run ended
  std::uint64_t away = 0;         ///< not received by a connection that was being opened again
  std::uint64_t duplicated = 0;   ///< received again
  std::uint64_t reordered = 0;    ///< of those delivered: after one that was sent later
  std::uint64_t foreign = 0;      ///< received, but not of this run
  std::uint64_t disconnects = 0;  ///< WebSockets that ended before the run did
  std::uint64_t reopened = 0;

  void add(const MessageCounts& other);
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
  core::Histogram upgrade;     ///< WebSocket upgrades: from connected (and secured) to upgraded
  core::Histogram echo;        ///< a sender's own message, from the planned instant to its return
  core::Histogram fanout;      ///< a message of another connection, from the planned instant
  core::Histogram reopen;      ///< from a disconnect to the next message received

  void merge(const Latencies& other);
  void clear();
};

struct FailureCount {
  std::uint64_t count = 0;
  std::string example;
};

/// How a WebSocket was closed.
struct Closing {
  int code = 0;  ///< 1006 where there was no close frame
  bool by_server = false;
  std::string reason;

  auto operator<=>(const Closing&) const = default;
};

struct Tally {
  Counts counts;
  MessageCounts messages;
  Latencies latencies;
  std::map<int, std::uint64_t> statuses;
  std::map<Closing, std::uint64_t> closes;  ///< WebSockets
  std::array<FailureCount, net::kFailureClasses> failures;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t connections_opened = 0;
  std::uint64_t connections_failed = 0;
  std::uint64_t connections_compressed = 0;  ///< of those opened: with permessage-deflate
  FlowTally flow;                            ///< of scenarios

  void merge(const Tally& other);
  void clear();
  void count_failure(const net::Failure& failure);
  /// A server may give each WebSocket a reason of its own: past some hundreds of them, what is new
  /// is counted under its code with "(other reasons)".
  void count_close(Closing closing, std::uint64_t count = 1);
  std::map<int, std::uint64_t> close_codes() const;
};

/// Throw Error (failed) that names the identity that does not hold: a number must not be printed
/// then.
void check_request_identities(const Tally& tally);
void check_message_identities(const Tally& tally);
void check_scenario_identities(const Tally& tally);

}  // namespace scalectl::load
