#include "gateway/reference.hpp"

#include <fmt/format.h>

#include <atomic>
#include <charconv>
#include <iterator>
#include <optional>

#include "gateway/login.hpp"

namespace scalectl::gateway {
namespace {

using net::ServerRequest;
using net::ServerResponse;

enum Route {
  kHealth,
  kLogin,
  kSession,
  kDelay,
  kStatus,
  kEcho,
  kMetrics,
  kWsEcho,
  kWsRoom,
  kOther,
  kRoutes
};
constexpr std::array<std::string_view, kRoutes> kRouteNames{
    "/api/health", "/api/login", "/api/session", "/delay/{ms}",     "/status/{code}",
    "/echo",       "/metrics",   "/ws/echo",     "/ws/room/{name}", "other"};

constexpr std::array<std::string_view, 8> kMethodNames{"GET",   "HEAD",    "POST",   "PUT",
                                                       "PATCH", "OPTIONS", "DELETE", "other"};
constexpr int kFirstStatus = 100;
constexpr int kStatuses = 500;
constexpr int kMaxDelayMs = 60'000;
constexpr std::size_t kMaxRoomName = 128;

constexpr std::string_view kHealthBody = "{\"status\":\"ok\"}\n";

std::size_t method_index(std::string_view method) {
  std::size_t index = 0;
  while (index + 1 < kMethodNames.size() && kMethodNames[index] != method) ++index;
  return index;
}

/// The number that all of `text` is, where it lies between `low` and `high`.
std::optional<int> number(std::string_view text, int low, int high) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < low || value > high) {
    return std::nullopt;
  }
  return value;
}

void refuse(ServerResponse& response, int status, std::string_view words) {
  response.status = status;
  response.buffer = fmt::format("{{\"error\":\"{}\"}}\n", words);
  response.use_buffer();
}

void delay(std::string_view operand, ServerResponse& response) {
  const auto milliseconds = number(operand, 0, kMaxDelayMs);
  if (!milliseconds) {
    return refuse(response, 400, "the delay must be 0 to 60000 milliseconds");
  }
  response.delay = std::chrono::milliseconds(*milliseconds);
  fmt::format_to(std::back_inserter(response.buffer), "{{\"delay_ms\":{}}}\n", *milliseconds);
  response.use_buffer();
}

void status(std::string_view operand, ServerResponse& response) {
  const auto code = number(operand, 200, 599);
  if (!code) return refuse(response, 400, "the status must be 200 to 599");
  response.status = *code;
  if (*code >= 300 && *code < 400 && *code != 304) response.add_header("Location", "/api/health");
  fmt::format_to(std::back_inserter(response.buffer), "{{\"status\":{}}}\n", *code);
  response.use_buffer();
}

void echo(const ServerRequest& request, ServerResponse& response) {
  const std::string_view type = request.header("Content-Type");
  response.content_type = type.empty() ? "application/octet-stream" : type;
  response.body = request.body;
}

Route route_of(std::string_view path, std::string_view& operand) {
  const auto below = [&](std::string_view folder) {
    if (path.substr(0, folder.size()) != folder) return false;
    operand = path.substr(folder.size());
    return true;
  };
  if (path == "/api/health") return kHealth;
  if (path == "/api/login") return kLogin;
  if (path == "/api/session") return kSession;
  if (below("/delay/")) return kDelay;
  if (below("/status/")) return kStatus;
  if (path == "/echo") return kEcho;
  if (path == "/metrics") return kMetrics;
  if (path == "/ws/echo") return kWsEcho;
  if (below("/ws/room/") && !operand.empty() && operand.size() <= kMaxRoomName) return kWsRoom;
  return kOther;
}

}  // namespace

/// Written by one thread, read by any. Pages of counts that stay zero take no memory.
struct Reference::Counts {
  std::array<std::array<std::array<std::atomic<std::uint64_t>, kStatuses>, kMethodNames.size()>,
             kRoutes>
      cells{};

  void add(Route route, std::string_view method, int status) {
    auto& cell =
        cells[route][method_index(method)][static_cast<std::size_t>(status - kFirstStatus)];
    cell.store(cell.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }
};

Reference::Reference(int threads, RoomOptions rooms) : rooms_(threads, std::move(rooms)) {
  for (int i = 0; i < threads; ++i) counts_.push_back(std::make_unique<Counts>());
}

Reference::~Reference() = default;

void Reference::watch(net::HttpServer& server) {
  server_ = &server;
  rooms_.watch(server);
}

void Reference::upgrade(const ServerRequest& request, std::string_view room,
                        ServerResponse& response) {
  if (request.method == "HEAD") {
    response.add_header("Allow", "GET");
    return refuse(response, 405, "a WebSocket begins with GET");
  }
  const RoomOptions& options = rooms_.options();
  if (!net::accept_ws(request, options.subprotocol, options.deflate, response)) return;
  response.peer = room.empty() ? rooms_.echo() : rooms_.join(request.thread, room);
}

void Reference::handle(const ServerRequest& request, ServerResponse& response) {
  std::string_view operand;
  const Route route = route_of(request.path, operand);
  const bool posts = route == kEcho || route == kLogin;
  const std::string_view wanted = posts ? "POST" : "GET";
  if (route == kOther) {
    refuse(response, 404, "there is nothing here");
  } else if (request.method != wanted && (wanted != "GET" || request.method != "HEAD")) {
    response.add_header("Allow", posts ? "POST" : "GET, HEAD");
    refuse(response, 405, "this path has another method");
  } else {
    switch (route) {
      case kHealth:
        response.body = kHealthBody;
        break;
      case kLogin:
        log_in(request, logins_.fetch_add(1, std::memory_order_relaxed), response);
        break;
      case kSession:
        show_session(request, response);
        break;
      case kDelay:
        delay(operand, response);
        break;
      case kStatus:
        status(operand, response);
        break;
      case kEcho:
        echo(request, response);
        break;
      case kWsEcho:
        upgrade(request, {}, response);
        break;
      case kWsRoom:
        upgrade(request, operand, response);
        break;
      default:
        response.content_type = "text/plain; version=0.0.4";
        write_metrics(response.buffer);
        response.use_buffer();
    }
  }
  counts_[static_cast<std::size_t>(request.thread)]->add(route, request.method, response.status);
}

std::vector<RequestCount> Reference::counts() const {
  std::vector<RequestCount> found;
  for (std::size_t route = 0; route < kRoutes; ++route) {
    for (std::size_t method = 0; method < kMethodNames.size(); ++method) {
      for (std::size_t status = 0; status < kStatuses; ++status) {
        std::uint64_t count = 0;
        for (const auto& thread : counts_) {
          count += thread->cells[route][method][status].load(std::memory_order_acquire);
        }
        if (count == 0) continue;
        found.push_back({.route = kRouteNames[route],
                         .method = kMethodNames[method],
                         .status = kFirstStatus + static_cast<int>(status),
                         .count = count});
      }
    }
  }
  return found;
}

void Reference::write_metrics(std::string& text) const {
  auto out = std::back_inserter(text);
  const auto family = [&](std::string_view name, std::string_view type, std::string_view help) {
    fmt::format_to(out, "# HELP scalectl_serve_{0} {2}\n# TYPE scalectl_serve_{0} {1}\n", name,
                   type, help);
  };
  const auto single = [&](std::string_view name, std::string_view type, std::string_view help,
                          std::uint64_t value) {
    family(name, type, help);
    fmt::format_to(out, "scalectl_serve_{} {}\n", name, value);
  };
  family("requests_total", "counter", "Requests answered, this one not included.");
  for (const RequestCount& row : counts()) {
    fmt::format_to(out,
                   "scalectl_serve_requests_total{{route=\"{}\",method=\"{}\",status=\"{}\"}} {}\n",
                   row.route, row.method, row.status, row.count);
  }
  if (server_ == nullptr) return;
  const net::ServerCounters sum = server_->counters();
  single("connections_opened_total", "counter", "Connections accepted.", sum.opened);
  single("connections_open", "gauge", "Connections open now.", sum.open());
  single("connections_refused_total", "counter", "Connections over the limit.", sum.refused);
  single("received_bytes_total", "counter", "Bytes read from clients.", sum.bytes_in);
  single("sent_bytes_total", "counter", "Bytes of responses, this one not included.",
         sum.bytes_out);
  family("faults_total", "counter", "Requests and connections that broke the protocol.");
  for (std::size_t i = 0; i < net::kServerFaults; ++i) {
    fmt::format_to(out, "scalectl_serve_faults_total{{reason=\"{}\"}} {}\n",
                   net::to_text(static_cast<net::ServerFault>(i)), sum.faults[i]);
  }
  const net::WsCounters sockets = server_->ws_counters();
  const RoomCounters rooms = rooms_.counters();
  single("websockets_opened_total", "counter", "WebSockets opened.", sockets.opened);
  single("websockets_compressed_total", "counter", "Of them, with permessage-deflate.",
         sockets.compressed);
  single("websockets_open", "gauge", "WebSockets open now.", sockets.open());
  single("websockets_overflowed_total", "counter", "WebSockets that did not read.",
         sockets.overflowed);
  family("websockets_closed_total", "counter", "WebSockets closed, by the first close frame.");
  for (const auto& [code, count] : sockets.closed) {
    fmt::format_to(out, "scalectl_serve_websockets_closed_total{{code=\"{}\"}} {}\n", code, count);
  }
  single("ws_messages_total", "counter", "WebSocket messages received.", sockets.messages);
  single("ws_ignored_total", "counter", "Of them, after the server's close.", sockets.ignored);
  single("ws_dropped_total", "counter", "Of them, dropped on purpose.", rooms.dropped);
  single("ws_duplicated_total", "counter", "Of them, delivered twice on purpose.",
         rooms.duplicated);
  single("ws_reordered_total", "counter", "Of them, delivered after their successor on purpose.",
         rooms.reordered);
  single("ws_withheld", "gauge", "Of them, waiting for a successor.", rooms.withheld);
  single("ws_deliveries_total", "counter", "Messages given to WebSockets.", sockets.deliveries);
  single("ws_delayed_total", "counter", "Of deliveries, those delayed on purpose.",
         sockets.delayed);
  single("ws_undelivered_total", "counter", "Of deliveries, thrown away: nobody read them.",
         sockets.undelivered);
}

}  // namespace scalectl::gateway
