// scalectl serve: the reference HTTP and WebSocket server, a target to try load on.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <string_view>

#include "context.hpp"
#include "core/parse.hpp"
#include "gateway/serve.hpp"

namespace scalectl::tool {
namespace {

struct Options {
  std::optional<std::string> port;
  std::optional<std::string> bind;
  std::optional<std::string> unix_path;
  std::int64_t threads = 1;
  std::int64_t max_connections = 100'000;
  core::Seconds idle_timeout{60};
  std::string max_body = "8MiB";
  std::optional<std::string> tls_cert;
  std::optional<std::string> tls_key;
  std::optional<core::Seconds> duration;
  core::Seconds drain{5};
  core::Seconds accept_delay{0};
  std::string ws_max_message = "1MiB";
  std::optional<std::string> ws_subprotocol;
  bool ws_deflate = false;
  core::Seconds ws_delay{0};
  std::optional<std::int64_t> ws_delay_every;
  std::optional<std::int64_t> ws_drop;
  std::optional<std::int64_t> ws_duplicate;
  std::optional<std::int64_t> ws_reorder;
  std::optional<std::int64_t> ws_close_after;
};

/// `text` through `parse`; what that throws names the option.
template <typename Parse>
auto read(const char* option, const std::string& text, const Parse& parse) {
  try {
    return parse(text);
  } catch (const core::Error& error) {
    throw error.within(option);
  }
}

int port_of(const std::string& text) {
  const std::int64_t port = read("--port", text, core::parse_integer);
  if (port < 0 || port > 65535) {
    throw core::usage_error(fmt::format("--port {} is not a port", text),
                            "give 1 to 65535, or 0 for any that is free");
  }
  return static_cast<int>(port);
}

int threads_of(std::int64_t threads) {
  if (threads < 1 || threads > 256) {
    throw core::usage_error(fmt::format("--threads {} is not possible", threads), "give 1 to 256");
  }
  return static_cast<int>(threads);
}

/// Every how many; `off` where the option is not given.
std::int64_t every(const char* option, const std::optional<std::int64_t>& given, std::int64_t off) {
  if (!given) return off;
  if (*given < 1) {
    throw core::usage_error(fmt::format("{} {} is not possible", option, *given), "give 1 or more");
  }
  return *given;
}

std::chrono::microseconds wait_of(core::Seconds length) {
  // As an integer, and short of the end of time.
  return std::chrono::microseconds(static_cast<std::int64_t>(std::min(length.count() * 1e6, 1e15)));
}

std::string protocol_of(const std::optional<std::string>& name) {
  if (!name) return "";
  const bool token = !name->empty() && std::all_of(name->begin(), name->end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (!token) {
    throw core::usage_error(fmt::format("--ws-subprotocol {} is no token", *name),
                            "letters, digits, and !#$%&'*+-.^_`|~");
  }
  return *name;
}

void set_ws(const Options& options, gateway::ServeOptions& made) {
  net::WsOptions& ws = made.server.ws;
  ws.max_message =
      static_cast<std::size_t>(read("--ws-max-message", options.ws_max_message, core::parse_size));
  if (options.ws_delay_every && options.ws_delay.count() <= 0) {
    throw core::usage_error("--ws-delay-every needs --ws-delay", "for example --ws-delay 100ms");
  }
  ws.delay = wait_of(options.ws_delay);
  ws.delay_every = every("--ws-delay-every", options.ws_delay_every, 1);
  const auto count = [](const char* option, const std::optional<std::int64_t>& given) {
    return static_cast<std::uint64_t>(every(option, given, 0));
  };
  made.rooms = {.disorder = {.drop = count("--ws-drop", options.ws_drop),
                             .duplicate = count("--ws-duplicate", options.ws_duplicate),
                             .reorder = count("--ws-reorder", options.ws_reorder)},
                .close_after = count("--ws-close-after", options.ws_close_after),
                .subprotocol = protocol_of(options.ws_subprotocol),
                .deflate = options.ws_deflate};
}

gateway::ServeOptions engine_options(const Options& options) {
  if (options.unix_path && (options.port || options.bind)) {
    throw core::usage_error(
        fmt::format("--unix and {} contradict each other", options.port ? "--port" : "--bind"),
        "give one of them");
  }
  if (options.unix_path && options.unix_path->empty()) {
    throw core::usage_error("--unix names no path", "for example --unix /tmp/serve.sock");
  }
  gateway::ServeOptions made{
      .server = {}, .rooms = {}, .duration = options.duration, .drain = options.drain};
  net::ServerOptions& server = made.server;
  if (options.port) server.port = port_of(*options.port);
  if (options.bind) server.address = *options.bind;
  server.unix_path = options.unix_path.value_or("");
  server.threads = threads_of(options.threads);
  server.max_connections = options.max_connections;
  // As an integer of milliseconds, and short of the end of time.
  const double idle_ms = std::min(options.idle_timeout.count() * 1e3, 1e12);
  server.idle_timeout = std::chrono::milliseconds(static_cast<std::int64_t>(idle_ms));
  server.max_body_bytes =
      static_cast<std::size_t>(read("--max-body", options.max_body, core::parse_size));
  server.tls_cert = options.tls_cert.value_or("");
  server.tls_key = options.tls_key.value_or("");
  server.accept_delay = wait_of(options.accept_delay);
  set_ws(options, made);
  return made;
}

}  // namespace

void declare_serve(cli::Application& application, Context& context) {
  auto options = std::make_shared<Options>();
  application.command("serve", "A reference HTTP and WebSocket server, to try load on")
      .option("--port", options->port, "Port; 0 for any that is free (default: 8000)", "PORT")
      .option("--bind", options->bind, "IPv4 or IPv6 address (default: 127.0.0.1)", "ADDRESS")
      .option("--unix", options->unix_path, "A socket file instead, of mode 0600", "PATH")
      .option("--threads", options->threads, "Threads, each with its own connections")
      .option("--max-connections", options->max_connections, "Open at one time; more get 503")
      .option("--idle-timeout", options->idle_timeout, "For a client that sends or reads nothing")
      .option("--max-body", options->max_body, "Largest request body; larger ones get 413", "SIZE")
      .option("--tls-cert", options->tls_cert, "Certificate (PEM, with its chain): serve TLS",
              "FILE")
      .option("--tls-key", options->tls_key, "The certificate's key (PEM)", "FILE")
      .option("--accept-delay", options->accept_delay, "Wait before each connection is accepted")
      .option("--ws-max-message", options->ws_max_message,
              "Largest WebSocket message; larger ones are closed with 1009", "SIZE")
      .option("--ws-subprotocol", options->ws_subprotocol, "Taken where a client offers it", "NAME")
      .flag("--ws-deflate", options->ws_deflate, "Take up permessage-deflate where it is offered")
      .option("--ws-delay", options->ws_delay, "Each message waits so long on its way out")
      .option("--ws-delay-every", options->ws_delay_every,
              "Only to the Nth, 2Nth, … WebSocket accepted", "N")
      .option("--ws-drop", options->ws_drop, "Lose every Nth message of a room or echo", "N")
      .option("--ws-duplicate", options->ws_duplicate, "Deliver every Nth message twice", "N")
      .option("--ws-reorder", options->ws_reorder, "Deliver every Nth message after the next", "N")
      .option("--ws-close-after", options->ws_close_after,
              "Close a WebSocket with 1001 after N messages from it", "N")
      .option("--for", options->duration, "End after so long (else at SIGINT or SIGTERM)")
      .option("--drain", options->drain, "At the end, time for requests in flight")
      .example("scalectl serve --port 8000 --threads 2")
      .example("scalectl serve --ws-delay 100ms --ws-delay-every 10 --ws-drop 1000")
      .action([options, &context] {
        return context.emit(
            gateway::serve(engine_options(*options), context.stop(), context.observer()));
      });
}

}  // namespace scalectl::tool
