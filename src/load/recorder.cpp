#include "load/recorder.hpp"

#include <fmt/format.h>

#include <iterator>
#include <utility>

namespace scalectl::load {

using core::Nanos;

void Recorder::begin(Nanos begin, bool samples) {
  begin_ = begin;
  next_second_ = begin + core::kSecond;
  samples_ = samples;
}

std::unique_ptr<Second> Recorder::fresh(std::int64_t index) {
  std::unique_ptr<Second> second;
  {
    const std::lock_guard lock(mutex_);
    if (!empty_.empty()) {
      second = std::move(empty_.back());
      empty_.pop_back();
    }
  }
  if (!second) second = std::make_unique<Second>();
  second->index = index;
  return second;
}

void Recorder::roll(Nanos now) {
  const std::int64_t index = (now - begin_) / core::kSecond;
  {
    const std::lock_guard lock(mutex_);
    full_.push_back(std::move(second_));
  }
  second_ = fresh(index);
  next_second_ = begin_ + (index + 1) * core::kSecond;
}

void Recorder::opened(Nanos connect, Nanos tls) {
  Tally& tally = second_->tally;
  ++tally.connections_opened;
  tally.latencies.connect.record(connect);
  if (tls > 0) tally.latencies.tls.record(tls);
}

void Recorder::open_failed() { ++second_->tally.connections_failed; }

void Recorder::answered(int status, Nanos planned, Nanos response, Nanos service,
                        Nanos first_byte) {
  const bool ok = status < 400;
  Tally& tally = second_->tally;
  ++(ok ? tally.counts.ok : tally.counts.http_error);
  ++tally.statuses[status];
  tally.latencies.response.record(response);
  tally.latencies.service.record(service);
  tally.latencies.first_byte.record(first_byte);
  if (samples_) sample(ok ? "ok" : "http_error", status, planned, response, service);
}

void Recorder::failed(const net::Failure& failure, Nanos planned, Nanos response, Nanos service) {
  const bool timeout = failure.kind == net::FailureClass::kTimeout;
  Tally& tally = second_->tally;
  ++(timeout ? tally.counts.timeout : tally.counts.transport_error);
  tally.count_failure(failure);
  if (timeout) {
    tally.latencies.response.record(response);
    if (service >= 0) tally.latencies.service.record(service);
  }
  if (samples_) sample(net::name_of(failure.kind).data(), 0, planned, response, service);
}

void Recorder::unfinished(Nanos planned, Nanos age, Nanos service) {
  Tally& tally = second_->tally;
  ++tally.counts.unfinished;
  tally.latencies.response.record(age);
  if (service >= 0) tally.latencies.service.record(service);
  if (samples_) sample("unfinished", 0, planned, age, service);
}

void Recorder::traffic(std::uint64_t in, std::uint64_t out) {
  second_->tally.bytes_in += in - std::exchange(bytes_in_, in);
  second_->tally.bytes_out += out - std::exchange(bytes_out_, out);
}

void Recorder::settle(std::uint64_t scheduled, std::uint64_t missed) {
  second_->tally.counts.scheduled = scheduled;
  second_->tally.counts.missed = missed;
}

void Recorder::end() {
  const std::lock_guard lock(mutex_);
  full_.push_back(std::move(second_));
}

void Recorder::sample(const char* outcome, int status, Nanos planned, Nanos response,
                      Nanos service) {
  auto out = std::back_inserter(second_->samples);
  fmt::format_to(out, R"({{"planned_s":{:.6f},"outcome":"{}","response_ms":{:.6f})",
                 core::to_seconds(planned - begin_), outcome, core::to_milliseconds(response));
  if (service >= 0) fmt::format_to(out, R"(,"service_ms":{:.6f})", core::to_milliseconds(service));
  if (status > 0) fmt::format_to(out, R"(,"status":{})", status);
  second_->samples += "}\n";
}

std::vector<std::unique_ptr<Second>> Recorder::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(full_, {});
}

void Recorder::give_back(std::unique_ptr<Second> second) {
  second->tally.clear();
  second->samples.clear();
  const std::lock_guard lock(mutex_);
  empty_.push_back(std::move(second));
}

}  // namespace scalectl::load
