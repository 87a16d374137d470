// The steps of a user that talk to a server.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "load/scenario/user.hpp"
#include "load/scenario/wire_text.hpp"

namespace scalectl::load::scenario {
namespace {

using core::Nanos;

bool is_expected(const HttpStep& step, int status) {
  if (step.expect.empty()) return status < 400;
  return std::any_of(step.expect.begin(), step.expect.end(), [&](const StatusRange& range) {
    return range.first <= status && status <= range.last;
  });
}

/// What a step connects to.
const ConnectStep& connection_of(const Step& step) {
  if (const auto* connect = std::get_if<ConnectStep>(&step.action)) return *connect;
  return std::get<ConnectStep>(std::get<JoinStep>(step.action).by);
}

}  // namespace

// --- HTTP ---

bool User::perform(const Step& /*step*/, const HttpStep& http, Nanos now) {
  if (const auto trouble = http_.start(http, *this, due_, now)) {
    return fail(StepOutcome::kBroken, *trouble, now);
  }
  state_ = State::kHttp;
  watch(http.timeout);
  return false;
}

void User::on_answer(const net::HttpResponse& response, Nanos now) {
  waited_ = true;
  const HttpStep& http = std::get<HttpStep>(step_->action);
  if (!is_expected(http, response.status)) {
    fail(StepOutcome::kFailed, fmt::format("status {}", response.status), now);
    return;
  }
  succeed(now);
  if (!http.extract.empty() || !http.checks.empty()) {
    if (crowd_.builtins.status >= 0) {
      set(crowd_.builtins.status, {std::to_string(response.status), true});
    }
    if (crowd_.builtins.body >= 0) set(crowd_.builtins.body, {response.body, false});
    extract(http.extract, Received(response.body, response.fields, response.status));
    run_checks(http.checks);
  }
  go_on(now);
}

void User::on_no_answer(const net::Failure& failure, Nanos now) {
  const bool late = failure.kind == net::FailureClass::kTimeout;
  fail(late ? StepOutcome::kTimeout : StepOutcome::kBroken, failure.detail, now);
}

// --- WebSocket ---

bool User::perform(const Step& /*step*/, const ConnectStep& /*connect*/, Nanos now) {
  watch(connection_of(*step_).timeout);
  if (!socket_.is_open()) return connect(now);
  state_ = State::kRejoining;
  socket_.close(1000, "");
  return false;
}

bool User::connect(Nanos now) {
  const ConnectStep& step = connection_of(*step_);
  std::string target;
  if (const auto unset = step.target.render(*this, target)) {
    return fail(StepOutcome::kBroken, crowd_.without_value(*unset), now);
  }
  net::WsRequest request{.protocols = step.protocols};
  for (const Template& header : step.headers) {
    std::string text;
    if (const auto unset = header.render(*this, text)) {
      return fail(StepOutcome::kBroken, crowd_.without_value(*unset), now);
    }
    if (!is_line(text)) return fail(StepOutcome::kBroken, "a header is not one line", now);
    request.headers.push_back(std::move(text));
  }
  state_ = State::kConnecting;
  socket_.connect(step.origin, escaped(target), std::move(request));
  return false;
}

void User::on_connected(Nanos now) {
  waited_ = true;
  if (state_ != State::kConnecting) return;
  succeed(now);
  go_on(now);
}

void User::on_not_connected(const net::Failure& failure, Nanos now) {
  if (state_ == State::kConnecting) fail(StepOutcome::kBroken, failure.detail, now);
}

bool User::perform(const Step& /*step*/, const JoinStep& join, Nanos now) {
  if (const auto* connect = std::get_if<ConnectStep>(&join.by))
    return perform(*step_, *connect, now);
  const bool goes_on = perform(*step_, std::get<SendStep>(join.by), now);
  if (goes_on) record(StepOutcome::kOk, now);
  return goes_on;
}

bool User::perform(const Step& /*step*/, const SendStep& send, Nanos now) {
  if (!socket_.is_open()) return fail(StepOutcome::kBroken, "there is no open WebSocket", now);
  message_.clear();
  if (!send.message.is_constant() || !send.stamp) {
    if (const auto unset = send.message.render(*this, message_)) {
      return fail(StepOutcome::kBroken, crowd_.without_value(*unset), now);
    }
  }
  if (socket_.send(send, message_, due_)) return true;
  return fail(StepOutcome::kBroken, "too much waits to be sent: the server does not read", now);
}

bool User::perform(const Step& /*step*/, const ExpectStep& expect, Nanos now) {
  heard_ = 0;
  state_ = State::kExpecting;
  if (look(now)) return true;
  if (state_ != State::kExpecting) return false;
  if (!socket_.is_open()) return fail(StepOutcome::kBroken, "there is no open WebSocket", now);
  watch(expect.within);
  return false;
}

bool User::look(Nanos now) {
  const ExpectStep& expect = std::get<ExpectStep>(step_->action);
  while (std::optional<Heard> heard = socket_.take()) {
    if (!is_wanted(*heard)) continue;
    if (++heard_ < expect.count) continue;
    succeed(now);
    extract(expect.extract, Received(heard->text));
    run_checks(expect.checks);
    return true;
  }
  return false;
}

bool User::is_wanted(const Heard& heard) {
  const ExpectStep& expect = std::get<ExpectStep>(step_->action);
  if (expect.from != From::kAnyone && heard.from != expect.from) return false;
  if (crowd_.builtins.message >= 0) set(crowd_.builtins.message, {heard.text, false});
  return std::all_of(expect.where.begin(), expect.where.end(),
                     [this](const Check& check) { return check.holds(*this); });
}

void User::on_heard(Nanos now) {
  waited_ = true;
  if (state_ == State::kExpecting && look(now)) go_on(now);
}

bool User::perform(const Step& /*step*/, const CloseStep& close, Nanos now) {
  if (!socket_.is_open()) return true;
  state_ = State::kClosing;
  crowd_.watch(*this, crowd_.leaving, now + kGoodbye);
  socket_.close(close.code, close.reason);
  return false;
}

void User::on_closed(const net::WsClose& close, Nanos now) {
  waited_ = true;
  switch (state_) {
    case State::kRejoining:
      connect(now);
      return;
    case State::kClosing:
      Deadlines::remove(*this);
      due_ = now;
      state_ = State::kRunning;
      return go_on(now);
    case State::kLeaving:
      Deadlines::remove(*this);
      state_ = State::kIdle;
      return crowd_.on_left(*this);
    case State::kExpecting:
      fail(StepOutcome::kBroken, fmt::format("closed with {}", close.code), now);
      return;
    default:
      return;  // the next step that needs it finds it closed
  }
}

}  // namespace scalectl::load::scenario
