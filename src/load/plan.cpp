#include "load/plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"
#include "load/checks.hpp"

namespace scalectl::load {
namespace {

using core::usage_error;

constexpr int kMostConnections = 1'000'000;
constexpr int kMostThreads = 256;
constexpr int kMostPipelined = 1024;

bool has_header(const HttpRequest& request, std::string_view name) {
  return std::any_of(request.headers.begin(), request.headers.end(),
                     [&](const std::string& header) { return header_name(header) == name; });
}

void check_open(const HttpPlan& plan) {
  if (plan.pipeline > 1) {
    throw usage_error("--pipeline goes with a closed loop", "leave out --rate or --stages");
  }
  if (!plan.schedule->end()) {
    throw usage_error("--rate without an end", "give --duration or --requests");
  }
}

void check_closed(const HttpPlan& plan) {
  if (plan.shard) {
    throw usage_error(
        "--shard goes with --rate or --stages",
        "a closed loop has no arrivals to share out; give each generator its own --connections");
  }
}

}  // namespace

std::string HttpRequest::wire(const net::Url& url, const std::string& target) const {
  std::string text = method + " " + target + " HTTP/1.1\r\n";
  if (!has_header(*this, "host")) text += "Host: " + url.authority() + "\r\n";
  if (!has_header(*this, "user-agent")) text += "User-Agent: scalectl\r\n";
  if (!has_header(*this, "accept")) text += "Accept: */*\r\n";
  if (!keep_alive) text += "Connection: close\r\n";
  for (const std::string& header : headers) text += header + "\r\n";
  if (body || method == "POST" || method == "PUT" || method == "PATCH") {
    text += fmt::format("Content-Length: {}\r\n", body ? body->size() : 0);
  }
  text += "\r\n";
  if (body) text += *body;
  return text;
}

void check(const HttpPlan& plan) {
  check_number("--connections", plan.connections, 1, kMostConnections, 64);
  check_number("--threads", plan.threads, 1, kMostThreads, 2);
  check_number("--pipeline", plan.pipeline, 1, kMostPipelined, 8);
  check_number("--follow", plan.request.follow, 0, 100, 3);
  if (plan.threads > plan.connections) {
    throw usage_error(
        fmt::format("--threads {} for --connections {}", plan.threads, plan.connections),
        "a thread needs a connection at least");
  }
  if (!is_token(plan.request.method)) {
    throw usage_error(fmt::format("--method \"{}\" is not a method", plan.request.method),
                      "for example GET, HEAD, POST");
  }
  if (plan.request.method == "CONNECT") {
    throw usage_error("--method CONNECT asks for a tunnel", "there is no HTTP in it to measure");
  }
  const std::vector<ReservedHeader> reserved{
      {"connection", "--no-keep-alive closes after each request"},
      {"content-length", "--body and --body-file say what is sent"},
      {"transfer-encoding", "--body and --body-file say what is sent"}};
  for (const std::string& header : plan.request.headers) check_header(header, reserved);
  if (plan.request.follow > 0 && plan.pipeline > 1) {
    throw usage_error("--follow and --pipeline contradict each other", "give one of them");
  }
  if (!plan.request.keep_alive && plan.pipeline > 1) {
    throw usage_error("--no-keep-alive and --pipeline contradict each other", "give one of them");
  }
  if (plan.timeout <= 0) throw usage_error("--timeout must be more than zero", "for example 30s");
  if (plan.connect_timeout <= 0) {
    throw usage_error("--connect-timeout must be more than zero", "for example 5s");
  }
  if (plan.unix_path && !plan.sources.empty()) {
    throw usage_error("--unix and --source contradict each other", "a Unix socket has no address");
  }
  if (plan.abort_on_fail && plan.thresholds.empty()) {
    throw usage_error("--abort-on-fail without --threshold", "there is nothing that could fail");
  }
  plan.is_open() ? check_open(plan) : check_closed(plan);
}

}  // namespace scalectl::load
