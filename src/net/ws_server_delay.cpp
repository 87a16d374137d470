#include "net/ws_server_delay.hpp"

#include <utility>

namespace scalectl::net {

WsDelayLine::WsDelayLine(ServerWorker& worker) : worker_(worker), timer_(worker.context()) {}

void WsDelayLine::add(WsSession& session, WsFramePtr frame) {
  entries_.push_back({ServerWorker::Clock::now() + worker_.options().ws.delay,
                      boost::intrusive_ptr<WsSession>(&session), std::move(frame)});
  wait();
}

void WsDelayLine::wait() {
  if (waiting_ || entries_.empty()) return;
  waiting_ = true;
  timer_.expires_at(entries_.front().due);
  timer_.async_wait([this](const boost::system::error_code& error) {
    waiting_ = false;
    if (!error) release();
  });
}

void WsDelayLine::release() {
  const auto now = ServerWorker::Clock::now();
  while (!entries_.empty() && entries_.front().due <= now) {
    const Entry entry = std::move(entries_.front());
    entries_.pop_front();
    entry.session->arrive(entry.frame);
  }
  wait();
}

void WsDelayLine::end() {
  for (const Entry& entry : entries_) {
    if (entry.frame != nullptr) worker_.counters().ws.undelivered.add();
  }
  entries_.clear();
  timer_.cancel();
}

}  // namespace scalectl::net
