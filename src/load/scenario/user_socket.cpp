#include "load/scenario/user_socket.hpp"

#include <utility>

namespace scalectl::load::scenario {
namespace {

using core::Nanos;

constexpr std::size_t kMaxMessage = 16 * 1024 * 1024;
constexpr std::size_t kMaxQueued = 1024 * 1024;  ///< bytes that wait to be sent
constexpr std::size_t kMaxKept = 256;            ///< messages that nobody has looked at
constexpr std::size_t kMaxKeptBytes = 1024 * 1024;
constexpr std::uint32_t kSpeakers = 1U << 24U;  ///< a stamp's sender is below

}  // namespace

void UserSocket::connect(int origin, const std::string& target, net::WsRequest request) {
  if (!connection_) {
    connection_ = std::make_unique<net::WsConnection>(
        crowd_.loop, static_cast<net::WsConnection::Owner&>(*this), crowd_.traffic, kMaxMessage);
  }
  const auto index = static_cast<std::size_t>(origin);
  net::Url url = crowd_.scenario.origins[index].url;
  url.target = target;
  const Entry& entry = crowd_.setting.entries[index];
  closing_ = false;
  connection_->open(url, request, entry.address, crowd_.next_source(), entry.tls.get());
}

bool UserSocket::send(const SendStep& step, const std::string& message, Nanos due) {
  if (connection_->queued() > kMaxQueued) return false;
  ++crowd_.recorder.tally().flow.iterations.messages_sent;
  if (!step.stamp) {
    connection_->send(message);
    return true;
  }
  const Stamp stamp{
      .run = crowd_.setting.run, .sender = speaker_, .sequence = sequence_++, .planned = due};
  if (StampedText* text = crowd_.text_of(step)) {
    connection_->send(text->with(stamp));
  } else {
    connection_->send(StampedText(message).with(stamp));
  }
  return true;
}

void UserSocket::close(int code, const std::string& reason) {
  closing_ = true;
  connection_->close(code, reason);
}

void UserSocket::drop() {
  if (!connection_) return;
  if (connection_->is_open()) {
    crowd_.recorder.tally().count_close({net::WebSocket::kAbnormal, false, ""});
    settle();
  }
  connection_->drop();
  inbox_.clear();
  inbox_bytes_ = 0;
}

void UserSocket::on_open(const net::OpenTimes& times, Nanos upgraded) {
  const Nanos ready = times.secured == 0 ? times.connected : times.secured;
  crowd_.recorder.opened(times.connected - times.started,
                         times.secured == 0 ? 0 : times.secured - times.connected);
  crowd_.recorder.tally().latencies.upgrade.record(upgraded - ready);
  if (lost_at_ != 0) ++crowd_.recorder.tally().messages.reopened;
  speaker_ = crowd_.setting.speakers.fetch_add(1, std::memory_order_relaxed) % kSpeakers;
  sequence_ = 0;
  heard_.clear();
  inbox_.clear();
  inbox_bytes_ = 0;
  owner_.on_connected(upgraded);
}

void UserSocket::on_message(std::string_view message, bool /*text*/, Nanos now) {
  crowd_.recorder.advance(now);
  if (lost_at_ != 0) {
    crowd_.recorder.tally().latencies.reopen.record(now - lost_at_);
    lost_at_ = 0;
  }
  const From from = measure(message, now);
  if (!keeps_) return;
  keep(message, from);
  owner_.on_heard(now);
}

/// Counts and times a message by its stamp; says whose it is.
From UserSocket::measure(std::string_view message, Nanos now) {
  Tally& tally = crowd_.recorder.tally();
  const auto stamp = find_stamp(message);
  if (!stamp || stamp->run != crowd_.setting.run) {
    ++tally.messages.foreign;
    return From::kAnyone;
  }
  const bool own = stamp->sender == speaker_;
  const From from = own ? From::kSelf : From::kOthers;
  const Deliveries::Kind kind = heard_[stamp->sender].take(stamp->sequence);
  if (kind == Deliveries::Kind::kDuplicate) {
    ++tally.messages.duplicated;
    return from;
  }
  if (kind == Deliveries::Kind::kReordered) ++tally.messages.reordered;
  ++tally.messages.delivered;
  ++tally.messages.expected;
  (own ? tally.latencies.echo : tally.latencies.fanout).record(now - stamp->planned);
  return from;
}

void UserSocket::keep(std::string_view message, From from) {
  while (!inbox_.empty() &&
         (inbox_.size() >= kMaxKept || inbox_bytes_ + message.size() > kMaxKeptBytes)) {
    inbox_bytes_ -= inbox_.front().text.size();
    inbox_.pop_front();
    ++crowd_.recorder.tally().flow.iterations.messages_dropped;
  }
  inbox_.push_back({std::string(message), from});
  inbox_bytes_ += message.size();
}

std::optional<Heard> UserSocket::take() {
  if (inbox_.empty()) return std::nullopt;
  std::optional<Heard> oldest = std::move(inbox_.front());
  inbox_.pop_front();
  inbox_bytes_ -= oldest->text.size();
  return oldest;
}

/// What did not come though a later message of the same speaker did is lost.
void UserSocket::settle() {
  MessageCounts& messages = crowd_.recorder.tally().messages;
  for (const auto& [speaker, deliveries] : heard_) {
    const std::uint32_t gaps = deliveries.gaps(speaker == speaker_ ? 0 : deliveries.first());
    messages.lost += gaps;
    messages.expected += gaps;
  }
  heard_.clear();
}

void UserSocket::on_close(const net::WsClose& close) {
  const Nanos now = core::monotonic_now();
  crowd_.recorder.advance(now);
  Tally& tally = crowd_.recorder.tally();
  tally.count_close({close.code, close.by_peer, close.reason});
  settle();
  if (!closing_) {
    ++tally.messages.disconnects;
    lost_at_ = now;
  }
  owner_.on_closed(close, now);
}

void UserSocket::on_failure(const net::Failure& failure) {
  const Nanos now = core::monotonic_now();
  crowd_.recorder.open_failed();
  crowd_.recorder.tally().count_failure(failure);
  owner_.on_not_connected(failure, now);
}

}  // namespace scalectl::load::scenario
