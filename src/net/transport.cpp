#include "net/transport.hpp"

#include <optional>
#include <utility>

#include "net/loop_native.hpp"
#include "net/stream.hpp"

namespace scalectl::net {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;

/// What is read is dealt with at once, so the connections of a thread share a buffer.
char* read_buffer() {
  static thread_local std::unique_ptr<char[]> buffer(new char[kReadBytes]);
  return buffer.get();
}

enum class State { kClosed, kConnecting, kHandshaking, kOpen };

}  // namespace

struct Transport::Native : Watcher {
  Native(Loop& loop_, Owner& owner_, Traffic& traffic_)
      : loop(loop_), owner(owner_), traffic(traffic_) {}

  void on_ready(std::uint32_t events) override {
    const std::uint64_t round = epoch;
    switch (state) {
      case State::kClosed:
        return;
      case State::kConnecting:
        return on_connected();
      case State::kHandshaking:
        return on_handshake();
      case State::kOpen:
        break;
    }
    if ((events & EPOLLOUT) != 0) flushed();
    if (round == epoch && (events & ~EPOLLOUT) != 0) on_readable();
  }

  void want(std::uint32_t events) {
    if (events == std::exchange(wanted, events)) return;
    loop.native().rewatch(stream.fd(), *this, events);
  }
  void update() { want((reading ? EPOLLIN : 0U) | (blocked ? EPOLLOUT : 0U)); }

  void open(const Address& to, const Address* source, const TlsContext* tls) {
    close(false);
    state = State::kConnecting;
    times = {.started = core::monotonic_now()};
    if (stream.open(to, source, tls).io == Io::kFailed) return break_soon(stream.failure());
    // Even a connection that stands at once is announced from the loop.
    wanted = EPOLLOUT;
    loop.native().watch(stream.fd(), *this, wanted);
  }

  void on_connected() {
    if (stream.finish_connect().io == Io::kFailed) return break_now(stream.failure());
    times.connected = core::monotonic_now();
    state = State::kHandshaking;
    on_handshake();
  }

  void on_handshake() {
    const IoResult result = stream.handshake();
    if (result.io == Io::kWantRead) return want(EPOLLIN);
    if (result.io == Io::kWantWrite) return want(EPOLLOUT);
    if (result.io != Io::kDone) return break_now(stream.failure());
    if (stream.is_tls()) times.secured = core::monotonic_now();
    state = State::kOpen;
    update();
    owner.on_connected(times);
  }

  void flushed() {
    blocked = write_waits = false;
    update();
    owner.on_flushed();
  }

  std::size_t write(std::string_view bytes) {
    std::size_t put = 0;
    while (put < bytes.size() && !write_failed) {
      const IoResult result = stream.write(bytes.data() + put, bytes.size() - put);
      if (result.io == Io::kDone) {
        put += result.bytes;
        traffic.bytes_out += result.bytes;
      } else if (result.io == Io::kWantRead) {
        write_waits = true;  // TLS has to read first
        return put;
      } else if (result.io == Io::kWantWrite) {
        blocked = true;
        update();
        return put;
      } else {
        // What the peer said before it closed is still to be read, and says more.
        write_failed = result.io == Io::kFailed
                           ? stream.failure()
                           : Failure{FailureClass::kClosed, "the server closed the connection"};
        loop.post([this, round = epoch] {
          if (round == epoch) on_readable();
        });
      }
    }
    return bytes.size();
  }

  void on_readable() {
    const std::uint64_t round = epoch;
    char* buffer = read_buffer();
    while (reading || write_failed) {
      const IoResult result = stream.read(buffer, kReadBytes);
      if (result.io == Io::kWantRead || result.io == Io::kWantWrite) break;
      if (result.io == Io::kEnd) {
        close(false);
        return owner.on_end();
      }
      if (result.io != Io::kDone) return break_now(stream.failure());
      traffic.bytes_in += result.bytes;
      owner.on_bytes({buffer, result.bytes}, core::monotonic_now());
      if (round != epoch || state != State::kOpen) return;
      // A plain socket that gave less than was asked for has no more; TLS may have more records.
      if (stream.is_tls() ? !stream.has_buffered() : result.bytes < kReadBytes) break;
    }
    if (write_failed) return break_now(*write_failed);
    if (write_waits) flushed();
  }

  void break_now(const Failure& failure) {
    const Failure kept = failure;
    close(false);
    owner.on_broken(kept);
  }
  void break_soon(const Failure& failure) {
    loop.post([this, round = epoch, failure] {
      if (round == epoch) break_now(failure);
    });
  }

  void close(bool reset) {
    ++epoch;
    if (stream.fd() >= 0) loop.native().forget(stream.fd(), *this);
    stream.close(reset);
    state = State::kClosed;
    blocked = write_waits = false;
    reading = true;
    write_failed.reset();
  }

  Loop& loop;
  Owner& owner;
  Traffic& traffic;
  State state = State::kClosed;
  std::uint64_t epoch = 0;  // of the socket: what was posted for an earlier one does nothing
  std::uint32_t wanted = 0;
  bool blocked = false;      // what is to be written waits for the socket to take it
  bool write_waits = false;  // or for something to be read
  bool reading = true;
  OpenTimes times;
  std::optional<Failure> write_failed;
  Stream stream;
};

Transport::Transport(Loop& loop, Owner& owner, Traffic& traffic)
    : native_(std::make_unique<Native>(loop, owner, traffic)) {}
Transport::~Transport() { native_->close(false); }

void Transport::open(const Address& to, const Address* source, const TlsContext* tls) {
  native_->open(to, source, tls);
}
std::size_t Transport::write(std::string_view bytes) { return native_->write(bytes); }
void Transport::read(bool wanted) {
  native_->reading = wanted;
  if (native_->state == State::kOpen) native_->update();
}
void Transport::close(bool reset) { native_->close(reset); }

}  // namespace scalectl::net
