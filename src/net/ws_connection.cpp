#include "net/ws_connection.hpp"

#include <optional>

namespace scalectl::net {
namespace {

enum class State { kClosed, kConnecting, kUpgrading, kOpen };

}  // namespace

struct WsConnection::Native : Transport::Owner, WebSocket::Sink {
  Native(Loop& loop, WsConnection::Owner& its_owner, Traffic& traffic, std::size_t its_max_message)
      : owner(its_owner), max_message(its_max_message), transport(loop, *this, traffic) {}

  void open(const Url& url, const WsRequest& request, const Address& to, const Address* source,
            const TlsContext* tls) {
    drop();
    const std::string key = make_ws_key();
    upgrade = ws_upgrade(url, request, key);
    answer.emplace(key, request.protocols);
    state = State::kConnecting;
    transport.open(to, source, tls);
  }

  // --- What the transport tells ---

  void on_connected(const OpenTimes& its_times) override {
    times = its_times;
    state = State::kUpgrading;
    flush(upgrade);
  }

  void on_bytes(std::string_view bytes, core::Nanos at) override {
    now = at;
    if (state == State::kUpgrading) {
      bytes.remove_prefix(answer->feed(bytes));
      if (!answer->complete()) return;
      if (!answer->refusal().empty()) {
        return fail({FailureClass::kProtocol, "upgrade refused: " + answer->refusal()});
      }
      answer.reset();
      upgrade = {};
      socket.emplace(WebSocket::Role::kClient, static_cast<Sink&>(*this), max_message);
      state = State::kOpen;
      const std::uint64_t round = epoch;
      owner.on_open(times, now);
      if (round != epoch || bytes.empty()) return;
    }
    feed(bytes);
  }

  void on_flushed() override {
    if (state == State::kUpgrading) flush(upgrade);
    if (state == State::kOpen) flush(socket->due());
  }

  void on_end() override {
    if (state == State::kOpen) return closed();
    fail({FailureClass::kClosed, "the server closed the connection before the upgrade"});
  }
  void on_broken(const Failure& failure) override {
    if (state == State::kOpen) return closed();
    fail(failure);
  }

  // --- What the protocol tells ---

  void on_message(std::string_view message, bool text) override {
    if (state == State::kOpen) owner.on_message(message, text, now);
  }
  void on_pong(std::string_view payload) override {
    if (state == State::kOpen) owner.on_pong(payload, now);
  }

  void feed(std::string_view bytes) {
    const std::uint64_t round = epoch;
    const bool goes_on = socket->feed(bytes);
    if (round != epoch) return;
    flush(socket->due());
    if (round == epoch && !goes_on) closed();
  }

  void flush(std::string& due) {
    if (!due.empty()) due.erase(0, transport.write(due));
  }

  /// The end of an open WebSocket.
  void closed() {
    WsClose close{.code = socket->peer_code(),
                  .reason = socket->peer_reason(),
                  .by_peer = socket->close_received() && !closing};
    // Where the peer broke the protocol, our own code says how.
    if (!socket->close_received() && socket->close_sent()) close.code = socket->own_code();
    drop();
    owner.on_close(close);
  }

  void fail(const Failure& failure) {
    drop();
    owner.on_failure(failure);
  }

  void drop() {
    ++epoch;
    transport.close();
    state = State::kClosed;
    closing = false;
  }

  WsConnection::Owner& owner;
  const std::size_t max_message;
  State state = State::kClosed;
  std::uint64_t epoch = 0;
  bool closing = false;  // we began to
  core::Nanos now = 0;
  OpenTimes times;
  std::string upgrade;
  std::optional<WsAnswer> answer;
  std::optional<WebSocket> socket;
  Transport transport;
};

WsConnection::WsConnection(Loop& loop, Owner& owner, Traffic& traffic, std::size_t max_message)
    : native_(std::make_unique<Native>(loop, owner, traffic, max_message)) {}
WsConnection::~WsConnection() = default;

void WsConnection::open(const Url& url, const WsRequest& request, const Address& to,
                        const Address* source, const TlsContext* tls) {
  native_->open(url, request, to, source, tls);
}
void WsConnection::send(std::string_view message, bool text) {
  native_->socket->send(message, text);
  native_->flush(native_->socket->due());
}
void WsConnection::ping(std::string_view payload) {
  native_->socket->ping(payload);
  native_->flush(native_->socket->due());
}
void WsConnection::close(int code, std::string_view reason) {
  native_->closing = !native_->socket->close_received();
  native_->socket->close(code, reason);
  native_->flush(native_->socket->due());
}
void WsConnection::drop() { native_->drop(); }
void WsConnection::read(bool wanted) { native_->transport.read(wanted); }
bool WsConnection::is_open() const { return native_->state == State::kOpen; }
bool WsConnection::is_closed() const { return native_->state == State::kClosed; }
std::size_t WsConnection::queued() const {
  return native_->state == State::kOpen ? native_->socket->due().size() : 0;
}

}  // namespace scalectl::net
