// WsPlan: what a load run over WebSocket is to do. Pure data; run() carries it out.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/monotonic.hpp"
#include "load/schedule.hpp"
#include "load/threshold.hpp"
#include "net/address.hpp"
#include "net/tls.hpp"
#include "net/url.hpp"
#include "net/ws_handshake.hpp"

namespace scalectl::load {

/// Who is to receive a message.
enum class Expect {
  kNobody,  ///< whatever comes is timed; nothing is missed
  kEcho,    ///< its sender
  kRoom,    ///< every connection of the run, its sender among them
};

/// Longest message that is sent, in bytes.
inline constexpr std::size_t kMostMessage = 64 * 1024 * 1024;

struct WsPlan {
  net::Url url;
  std::optional<std::string> unix_path;
  net::WsRequest request;

  int connections = 10;
  int threads = 1;
  int speakers = 0;      ///< how many of the connections send; 0 for all of them
  core::Nanos ramp = 0;  ///< over which the connections are opened, evenly
  core::Nanos duration = 10 * core::kSecond;  ///< from when they are open
  std::optional<std::string> message;         ///< what is sent; without it they only listen
  std::size_t message_bytes = 0;              ///< at least so long
  Expect expect = Expect::kNobody;
  /// When messages are sent, each by the next speaker; without it (and with kEcho) a speaker sends
  /// its next message when the last one has come back.
  std::optional<Schedule> schedule;
  std::optional<std::chrono::system_clock::time_point> start_at;

  bool reconnect = false;
  core::Nanos reconnect_jitter = core::kSecond;  ///< waits up to so long, at random
  std::optional<std::uint64_t> read_rate;        ///< bytes a second that a connection reads at most
  std::size_t max_queued =
      1024 * 1024;  ///< bytes: a message is missed where so much waits to be sent
  std::size_t max_message = 16 * 1024 * 1024;

  core::Nanos connect_timeout = 10 * core::kSecond;  ///< upgrade included
  core::Nanos drain = 5 * core::kSecond;  ///< how long to wait at the end for what is under way
  net::IpVersion ip_version = net::IpVersion::kAny;
  std::vector<net::Address> sources;
  net::TlsOptions tls;

  std::vector<Threshold> thresholds;
  bool abort_on_fail = false;
  core::Nanos abort_delay = 0;

  int speaking() const { return speakers == 0 ? connections : speakers; }
  bool is_open() const { return schedule.has_value(); }
};

/// Throws Error (usage) for what contradicts itself or cannot be.
void check(const WsPlan& plan);

}  // namespace scalectl::load
