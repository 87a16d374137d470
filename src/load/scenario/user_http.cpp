#include "load/scenario/user_http.hpp"

#include <algorithm>

#include "load/scenario/wire_text.hpp"
#include "net/url.hpp"

namespace scalectl::load::scenario {
namespace {

using core::Nanos;

const net::Url& url_of(const Scenario& scenario, const HttpStep& step) {
  return scenario.origins[static_cast<std::size_t>(step.origin)].url;
}

bool is_constant(const HttpStep& step) {
  return step.target.is_constant() && (!step.body || step.body->is_constant()) &&
         std::all_of(step.headers.begin(), step.headers.end(),
                     [](const Template& header) { return header.is_constant(); });
}

}  // namespace

std::optional<std::string> constant_wire(const Scenario& scenario, const HttpStep& step) {
  if (!is_constant(step)) return std::nullopt;
  HttpRequest request{.method = step.method};
  for (const Template& header : step.headers) request.headers.push_back(header.constant());
  if (step.body) request.body = step.body->constant();
  return request.wire(url_of(scenario, step), escaped(step.target.constant()));
}

std::optional<std::string> UserHttp::start(const HttpStep& step, Scope& scope, Nanos due,
                                           Nanos now) {
  scope_ = &scope;
  target_.clear();
  wire_ = cookies_.empty() ? crowd_.wire_of(step) : nullptr;
  if (wire_ == nullptr) {
    if (auto trouble = write(step, now)) return trouble;
  }
  step_ = &step;
  due_ = due;
  sent_ = 0;
  hops_ = 0;
  Tally& tally = crowd_.recorder.tally();
  ++tally.counts.scheduled;
  ++tally.counts.sent;
  connection().is_open() ? send() : open();
  return std::nullopt;
}

std::optional<std::string> UserHttp::write(const HttpStep& step, Nanos now) {
  std::string target;
  if (const auto unset = step.target.render(*scope_, target)) return crowd_.without_value(*unset);
  target_ = escaped(target);
  request_ = {.method = step.method};
  for (const Template& header : step.headers) {
    std::string text;
    if (const auto unset = header.render(*scope_, text)) return crowd_.without_value(*unset);
    if (!is_line(text)) return "the header " + text.substr(0, text.find(':')) + " is not one line";
    request_.headers.push_back(std::move(text));
  }
  if (step.body) {
    request_.body.emplace();
    if (const auto unset = step.body->render(*scope_, *request_.body)) {
      return crowd_.without_value(*unset);
    }
  }
  finish_writing(url_of(crowd_.scenario, step), now);
  return std::nullopt;
}

/// The bytes of request_, to target_, with the cookies that go there.
void UserHttp::finish_writing(const net::Url& url, Nanos now) {
  const std::string cookies = cookies_.header(target_, url.tls, now);
  if (!cookies.empty()) request_.headers.push_back("Cookie: " + cookies);
  written_ = request_.wire(url, target_);
  if (!cookies.empty()) request_.headers.pop_back();
  wire_ = &written_;
}

net::HttpConnection& UserHttp::connection() {
  const auto origin = static_cast<std::size_t>(step_->origin);
  if (connections_.size() <= origin) connections_.resize(origin + 1);
  if (!connections_[origin]) {
    connections_[origin] = std::make_unique<net::HttpConnection>(
        crowd_.loop, static_cast<net::HttpConnection::Owner&>(*this), crowd_.traffic,
        crowd_.limits);
  }
  return *connections_[origin];
}

void UserHttp::open() {
  const Entry& entry = crowd_.setting.entries[static_cast<std::size_t>(step_->origin)];
  opening_ = true;
  connection().open(entry.address, crowd_.next_source(), entry.tls.get());
}

void UserHttp::send() {
  if (sent_ == 0) sent_ = core::monotonic_now();
  connection().send(*wire_, {.head = step_->method == "HEAD",
                             .content = !step_->extract.empty() || !step_->checks.empty()});
}

void UserHttp::on_open(const net::OpenTimes& times) {
  opening_ = false;
  crowd_.recorder.opened(times.connected - times.started,
                         times.secured == 0 ? 0 : times.secured - times.connected);
  send();
}

void UserHttp::on_answer(const net::HttpResponse& response, const net::AnswerTimes& times) {
  if (!response.cookies.empty()) {
    const std::string& target = target_.empty() ? step_->target.constant() : target_;
    for (const std::string& cookie : response.cookies) cookies_.take(cookie, target, times.done);
  }
  crowd_.recorder.advance(times.done);
  if (response.status >= 300 && response.status < 400 && hops_ < step_->follow &&
      follow(response, times.done)) {
    return;
  }
  crowd_.recorder.answered(response.status, due_, times.done - due_, times.done - sent_,
                           times.first_byte - sent_);
  step_ = nullptr;
  owner_.on_answer(response, times.done);
}

/// Asks for what a redirect points to; false where that is not on this server.
bool UserHttp::follow(const net::HttpResponse& response, Nanos now) {
  if (target_.empty()) write(*step_, now);  // was sent as it always is
  net::Url url = url_of(crowd_.scenario, *step_);
  url.target = target_;
  const auto target = net::redirect_target(url, response.location);
  if (!target) return false;
  ++hops_;
  crowd_.recorder.redirected();
  target_ = *target;
  // RFC 9110, 15.4: 307 and 308 ask for the same again, the others for what is there.
  const bool same = response.status == 307 || response.status == 308;
  if (!same && request_.method != "HEAD") {
    request_.method = "GET";
    request_.body.reset();
  }
  finish_writing(url, now);
  connection().is_open() ? send() : open();
  return true;
}

void UserHttp::on_failure(const net::Failure& failure) {
  const Nanos now = core::monotonic_now();
  crowd_.recorder.advance(now);
  if (opening_) crowd_.recorder.open_failed();
  opening_ = false;
  crowd_.recorder.failed(failure, due_, now - due_, sent_ == 0 ? -1 : now - sent_);
  step_ = nullptr;
  owner_.on_no_answer(failure, now);
}

void UserHttp::time_out(Nanos now) {
  connection().close(true);
  const net::Failure failure{net::FailureClass::kTimeout, "request: no answer in time"};
  if (opening_) crowd_.recorder.open_failed();
  opening_ = false;
  crowd_.recorder.failed(failure, due_, now - due_, sent_ == 0 ? -1 : now - sent_);
  step_ = nullptr;
  owner_.on_no_answer(failure, now);
}

void UserHttp::abandon(Nanos now) {
  if (step_ == nullptr) return;
  connection().close(true);
  opening_ = false;
  crowd_.recorder.unfinished(due_, now - due_, sent_ == 0 ? -1 : now - sent_);
  step_ = nullptr;
}

void UserHttp::reset(bool keep_connections) {
  cookies_.clear();
  target_.clear();
  if (keep_connections) return;
  for (auto& connection : connections_) {
    if (connection) connection->close();
  }
}

}  // namespace scalectl::load::scenario
