#include "net/http_server.hpp"

#include <fmt/format.h>
#include <strings.h>

#include <boost/asio/post.hpp>
#include <numeric>
#include <thread>

#include "core/error.hpp"
#include "net/http_server_connection.hpp"
#include "net/http_server_sockets.hpp"
#include "net/http_server_worker.hpp"

namespace scalectl::net {
namespace {

constexpr int kMaxThreads = 256;

ServerOptions checked(ServerOptions options) {
  if (options.threads < 1 || options.threads > kMaxThreads) {
    throw core::usage_error(fmt::format("{} threads are not possible", options.threads),
                            fmt::format("give 1 to {}", kMaxThreads));
  }
  if (options.port < 0 || options.port > 65535) {
    throw core::usage_error(fmt::format("{} is not a port", options.port),
                            "give 1 to 65535, or 0 for any that is free");
  }
  if (options.max_connections < 1) {
    throw core::usage_error(fmt::format("{} connections are too few", options.max_connections),
                            "give at least 1");
  }
  if (options.idle_timeout.count() < 1) {
    throw core::usage_error("the idle timeout is too short", "give at least 1ms");
  }
  return options;
}

}  // namespace

std::string_view ServerRequest::header(std::string_view name) const {
  for (const Field& field : *fields) {
    if (field.name.size() == name.size() &&
        ::strncasecmp(field.name.data(), name.data(), name.size()) == 0) {
      return field.value;
    }
  }
  return {};
}

void ServerResponse::add_header(std::string_view name, std::string_view value) {
  headers.append(name).append(": ").append(value).append("\r\n");
}

void ServerResponse::clear() {
  status = 200;
  content_type = "application/json";
  body = {};
  buffer.clear();
  headers.clear();
  delay = {};
  peer.reset();
  deflate.reset();
}

std::string_view to_text(ServerFault fault) {
  switch (fault) {
    case ServerFault::kBadRequest:
      return "bad_request";
    case ServerFault::kTimeout:
      return "timeout";
    case ServerFault::kBodyTooLarge:
      return "body_too_large";
    case ServerFault::kExpectation:
      return "expectation";
    case ServerFault::kHeadersTooLarge:
      return "headers_too_large";
    case ServerFault::kHandler:
      return "handler";
    case ServerFault::kNotImplemented:
      return "not_implemented";
    case ServerFault::kVersion:
      return "version";
    case ServerFault::kTruncated:
      return "truncated";
    case ServerFault::kTls:
      return "tls";
  }
  return "unknown";
}

std::uint64_t ServerCounters::all_faults() const {
  return std::accumulate(faults.begin(), faults.end(), std::uint64_t{0});
}

struct HttpServer::Parts {
  Parts(ServerOptions given, ServerHandler& handler)
      : options(checked(std::move(given))),
        tls(server_tls(options)),
        sockets(options),
        shared{.options = options, .handler = handler, .tls = tls.get()} {
    for (int i = 0; i < options.threads; ++i) {
      workers.push_back(std::make_unique<ServerWorker>(shared, i, sockets.take(i)));
    }
  }

  const ServerOptions options;
  const SslContext tls;
  ServerSockets sockets;
  ServerShared shared;
  std::vector<std::unique_ptr<ServerWorker>> workers;
  std::vector<std::thread> threads;
};

HttpServer::HttpServer(ServerOptions options, ServerHandler& handler)
    : parts_(std::make_unique<Parts>(std::move(options), handler)) {}

HttpServer::~HttpServer() { stop(std::chrono::milliseconds(0)); }

void HttpServer::start() {
  for (const auto& worker : parts_->workers) {
    parts_->threads.emplace_back([&worker = *worker] { worker.run(); });
  }
}

std::uint64_t HttpServer::stop(std::chrono::milliseconds drain) {
  const auto deadline = std::chrono::steady_clock::now() + drain;
  for (const auto& worker : parts_->workers) worker->begin_drain(deadline);
  for (std::thread& thread : parts_->threads) thread.join();
  parts_->threads.clear();
  std::uint64_t cut = 0;
  for (const auto& worker : parts_->workers) cut += worker->cut_off();
  return cut;
}

const std::string& HttpServer::url() const { return parts_->sockets.url(); }
int HttpServer::port() const { return parts_->sockets.port(); }

ServerCounters HttpServer::counters() const {
  ServerCounters sum;
  for (const auto& worker : parts_->workers) worker->counters().add_to(sum);
  return sum;
}

WsCounters HttpServer::ws_counters() const {
  WsCounters sum;
  for (const auto& worker : parts_->workers) worker->counters().ws.add_to(sum);
  return sum;
}

void HttpServer::post(int thread, std::function<void()> work) {
  boost::asio::post(parts_->workers.at(static_cast<std::size_t>(thread))->context(),
                    std::move(work));
}

}  // namespace scalectl::net
