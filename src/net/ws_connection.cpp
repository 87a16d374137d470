#include "net/ws_connection.hpp"

#include <optional>

namespace scalectl::net {
namespace {

/// kLingering: we have closed because of what came. What still comes is read and thrown away, so
/// that the peer is not cut off (and loses our close frame) while it sends.
enum class State { kClosed, kConnecting, kUpgrading, kOpen, kLingering };

/// A peer that still sends after so much more is cut off.
constexpr std::size_t kMostLinger = 64 * 1024 * 1024;

}  // namespace

struct WsConnection::Native : Transport::Owner, WebSocket::Sink {
  Native(Loop& loop, WsConnection::Owner& its_owner, Traffic& traffic, std::size_t its_max_message)
      : owner(its_owner), max_message(its_max_message), transport(loop, *this, traffic) {}

  void open(const Url& url, const WsRequest& request, const Address& to, const Address* source,
            const TlsContext* tls) {
    drop();
    const std::string key = make_ws_key();
    upgrade = ws_upgrade(url, request, key);
    answer.emplace(key, request);
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
      socket.emplace(WebSocket::Role::kClient, static_cast<Sink&>(*this), max_message,
                     answer->deflate());
      answer.reset();
      upgrade = {};
      state = State::kOpen;
      const std::uint64_t round = epoch;
      owner.on_open(times, now);
      if (round != epoch || bytes.empty()) return;
    }
    if (state == State::kLingering) return linger(bytes.size());
    feed(bytes);
  }

  void on_flushed() override {
    if (state == State::kUpgrading) flush(upgrade);
    if (state == State::kOpen || state == State::kLingering) flush(socket->due());
  }

  void on_end() override {
    if (state == State::kLingering) return drop();
    if (state == State::kOpen) return closed("the server closed the connection");
    fail({FailureClass::kClosed, "the server closed the connection before the upgrade"});
  }
  void on_broken(const Failure& failure) override {
    if (state == State::kLingering) return drop();
    if (state == State::kOpen) return closed(failure.detail);
    fail(failure);
  }

  // --- What the protocol tells ---

  void on_message(std::string_view message, bool text) override {
    if (state == State::kOpen) owner.on_message(message, text, now);
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

  /// The end of an open WebSocket; `how` the connection ended, where the peer did not say goodbye.
  void closed(const std::string& how = "") {
    WsClose close{.code = socket->peer_code(),
                  .reason = socket->peer_reason(),
                  .by_peer = socket->close_received() && !closing};
    if (!socket->close_received() && socket->close_sent() && !closing) {
      // The peer broke the protocol: our own code says how.
      close.code = socket->own_code();
      close.reason = "";
      ++epoch;
      state = State::kLingering;
      linger_bytes = kMostLinger;
      transport.read(true);
      return owner.on_close(close);
    }
    if (!socket->close_received()) {
      close.reason = how;
      close.by_peer = true;
    }
    drop();
    owner.on_close(close);
  }

  void linger(std::size_t more) {
    if (more >= linger_bytes) return drop();
    linger_bytes -= more;
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
  bool closing = false;          // we began to
  std::size_t linger_bytes = 0;  // so many more are read
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
void WsConnection::close(int code, std::string_view reason) {
  native_->closing = !native_->socket->close_received();
  native_->socket->close(code, reason);
  native_->flush(native_->socket->due());
}
void WsConnection::drop() { native_->drop(); }
void WsConnection::read(bool wanted) { native_->transport.read(wanted); }
bool WsConnection::is_open() const { return native_->state == State::kOpen; }
bool WsConnection::is_compressing() const {
  return native_->state == State::kOpen && native_->socket->is_compressing();
}
std::size_t WsConnection::queued() const {
  return native_->state == State::kOpen ? native_->socket->due().size() : 0;
}

}  // namespace scalectl::net
