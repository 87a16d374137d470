// WsDelayLine: the messages of a ServerWorker's WebSockets that have to wait before they are
// queued. All wait equally long, so the line is in the order of time. Internal to net.
#pragma once

#include <deque>

#include "net/http_server_worker.hpp"
#include "net/ws_server_session.hpp"

namespace scalectl::net {

class WsDelayLine {
 public:
  explicit WsDelayLine(ServerWorker& worker);

  /// `frame` is null for a close.
  void add(WsSession& session, WsFramePtr frame);
  /// Throws away what still waits.
  void end();

 private:
  struct Entry {
    ServerWorker::Clock::time_point due;
    boost::intrusive_ptr<WsSession> session;
    WsFramePtr frame;
  };

  void wait();
  void release();

  ServerWorker& worker_;
  ServerWorker::Timer timer_;
  bool waiting_ = false;
  std::deque<Entry> entries_;
};

}  // namespace scalectl::net
