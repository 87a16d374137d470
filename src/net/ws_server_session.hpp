// WsSession: a client of a ServerWorker after its upgrade to WebSocket, until the close. Internal
// to net.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_server_sockets.hpp"
#include "net/http_server_worker.hpp"
#include "net/websocket.hpp"
#include "net/ws_server.hpp"

namespace scalectl::net {

class WsSession final : public ServerClient, public WsSocket, private WebSocket::Sink {
 public:
  /// Takes over what was an HTTP connection's; `stream` borrows `fd`.
  WsSession(ServerWorker& worker, int fd, ServerStream stream, std::unique_ptr<WsPeer> peer,
            const std::optional<WsDeflate>& deflate);

  /// `rest`: bytes that came behind the handshake.
  void start(std::string_view rest);
  /// A message (null: the close) has waited as long as it had to.
  void arrive(WsFramePtr frame);

  void check_time(ServerWorker::Clock::time_point now) override;
  void drain() override;
  void close() override;
  bool refused() const override { return false; }
  bool lingering() const override { return state_ == State::kLinger; }

  void send(WsFramePtr frame) override;
  void flush() override;
  void close_soon(int code, std::string_view reason) override;

 private:
  enum class State { kOpen, kLinger, kClosed };

  void on_message(std::string_view message, bool text) override;

  void read();
  void take(std::string_view bytes);
  void wait_for(ServerStream::Io io);
  void heard();
  bool is_open() const { return state_ == State::kOpen && !ws_.close_sent(); }
  bool is_held() const;
  void resume();

  void enqueue(WsFramePtr frame);
  WsFramePtr compressed(const WsFrame& frame);
  void queue_due();
  void overflow();
  void discard();
  /// As much as goes; false where the connection is of no more use.
  bool write();
  void written(std::size_t count);
  void begin_close(int code, std::string_view reason);
  int close_code() const;
  void settle();

  ServerWorker& worker_;
  ServerWorker::Descriptor socket_;
  ServerStream stream_;
  WebSocket ws_;
  std::unique_ptr<WsPeer> peer_;
  State state_ = State::kOpen;
  const bool delayed_;  ///< what it is sent waits
  bool failed_ = false;
  bool held_ = false;    ///< it reads on once its queue is shorter
  bool ending_ = false;  ///< the protocol is at its end; what is queued is still written
  bool closing_soon_ = false;
  bool we_closed_ = false;  ///< our close frame came first
  bool close_written_ = false;
  bool pinged_ = false;
  bool waiting_to_read_ = false;
  bool waiting_to_write_ = false;
  bool front_begun_ = false;  ///< some of the first frame may have left: the rest has to follow
  int soon_code_ = 0;
  std::string_view soon_reason_;
  ServerWorker::Clock::time_point deadline_;
  std::vector<WsFramePtr> queue_;
  std::size_t first_ = 0;       ///< of queue_, that is not written
  std::size_t front_sent_ = 0;  ///< bytes of it
  std::size_t queued_ = 0;      ///< bytes in all
  std::size_t delayed_bytes_ = 0;
};

}  // namespace scalectl::net
