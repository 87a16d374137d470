#include "net/http_connection.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/loop_native.hpp"
#include "net/stream.hpp"

namespace scalectl::net {
namespace {


constexpr std::size_t kReadBytes = 64 * 1024;

/// What is read is parsed at once, so the connections of a thread share a buffer.
char* read_buffer() {
  static thread_local std::unique_ptr<char[]> buffer(new char[kReadBytes]);
  return buffer.get();
}

const Failure kUnasked{FailureClass::kProtocol, "the server sent bytes that nobody asked for"};
const Failure kHungUp{FailureClass::kClosed, "the server closed the connection"};

enum class State { kClosed, kConnecting, kHandshaking, kOpen };

}  // namespace

struct HttpConnection::Native : Watcher {
  Native(Loop& loop_, Owner& owner_, Traffic& traffic_,
         const HttpLimits& limits, bool head_)
      : loop(loop_),
        owner(owner_),
        traffic(traffic_),
        head(head_),
        parser(limits) {}

  // --- Waiting ---

  void on_ready(std::uint32_t events) override {
    const std::uint64_t round = epoch;
    switch (state) {
      case State::kClosed: return;
      case State::kConnecting: return on_connected();
      case State::kHandshaking: return on_handshake();
      case State::kOpen: break;
    }
    if ((events & EPOLLOUT) != 0) on_writable();
    if (round == epoch && (events & ~EPOLLOUT) != 0) on_readable();
  }

  void want(std::uint32_t events) {
    if (events == std::exchange(wanted, events)) return;
    loop.native().rewatch(stream.fd(), *this, events);
  }

  /// Waits for what `io` says; false where it is done.
  bool pending(Io io) {
    if (io == Io::kWantRead) want(unsent.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT);
    if (io == Io::kWantWrite) want(EPOLLIN | EPOLLOUT);
    return io == Io::kWantRead || io == Io::kWantWrite;
  }

  // --- Opening ---

  void open(const Address& to, const Address* source, const TlsContext* tls) {
    close(false);
    state = State::kConnecting;
    times = {.started = core::monotonic_now()};
    const IoResult result = stream.open(to, source, tls);
    if (result.io == Io::kFailed) return fail_soon(stream.failure());
    // Even a connection that stands at once is announced from the loop.
    wanted = EPOLLOUT;
    loop.native().watch(stream.fd(), *this, wanted);
  }

  void on_connected() {
    if (stream.finish_connect().io == Io::kFailed) return fail(stream.failure());
    times.connected = core::monotonic_now();
    state = State::kHandshaking;
    on_handshake();
  }

  void on_handshake() {
    const IoResult result = stream.handshake();
    if (pending(result.io)) return;
    if (result.io != Io::kDone) return fail(stream.failure());
    if (stream.is_tls()) times.secured = core::monotonic_now();
    state = State::kOpen;
    want(EPOLLIN);
    owner.on_open(times);
  }

  // --- Sending ---

  void send(std::string_view request) {
    if (outstanding++ == 0) begin_answer();
    if (unsent.empty()) request.remove_prefix(write_some(request));
    if (!request.empty() && state == State::kOpen) unsent.push_back(request);
  }

  /// How many bytes went out at once; waits to go on where not all did.
  std::size_t write_some(std::string_view bytes) {
    std::size_t put = 0;
    while (put < bytes.size()) {
      const IoResult result = stream.write(bytes.data() + put, bytes.size() - put);
      if (result.io == Io::kDone) {
        put += result.bytes;
        traffic.bytes_out += result.bytes;
        continue;
      }
      if (result.io == Io::kFailed || result.io == Io::kEnd) {
        // What the server said before it closed is still to be read, and says more.
        if (!write_failed) write_failed = result.io == Io::kFailed ? stream.failure() : kHungUp;
        loop.post([this, round = epoch] {
          if (round == epoch) on_readable();
        });
        return bytes.size();
      }
      // TLS that has to read first goes on after that.
      want(result.io == Io::kWantRead ? EPOLLIN : EPOLLIN | EPOLLOUT);
      break;
    }
    return put;
  }

  void on_writable() {
    while (!unsent.empty()) {
      unsent.front().remove_prefix(write_some(unsent.front()));
      if (!unsent.empty() && !unsent.front().empty()) return;
      unsent.erase(unsent.begin());
    }
    if (state == State::kOpen) want(EPOLLIN);
  }

  // --- Reading ---

  void begin_answer() {
    parser.reset(head);
    first_byte = 0;
  }

  void on_readable() {
    const std::uint64_t round = epoch;
    char* buffer = read_buffer();
    for (;;) {
      const IoResult result = stream.read(buffer, kReadBytes);
      if (pending(result.io)) break;
      if (result.io != Io::kDone) return on_end(result.io);
      traffic.bytes_in += result.bytes;
      take(buffer, result.bytes, core::monotonic_now());
      if (round != epoch || state != State::kOpen) return;
      // A plain socket that gave less than was asked for has no more; TLS may have more records.
      if (stream.is_tls() ? !stream.has_buffered() : result.bytes < kReadBytes) break;
    }
    if (write_failed) return fail(*write_failed);
    if (stream.is_tls() && !unsent.empty()) on_writable();
  }

  void take(const char* data, std::size_t size, core::Nanos now) {
    const std::uint64_t round = epoch;
    while (size > 0) {
      if (outstanding == 0) {
        return fail(kUnasked);
      }
      if (first_byte == 0) first_byte = now;
      const std::size_t used = parser.feed(data, size);
      if (parser.failed()) return fail({FailureClass::kProtocol, parser.error()});
      if (!parser.complete()) return;
      data += used;
      size -= used;
      // What came along with the last answer cannot answer a request that is sent after it.
      const bool unasked = outstanding == 1 && size > 0;
      answer(now);
      if (round != epoch || state != State::kOpen) return;
      if (unasked) return fail(kUnasked);
    }
  }

  void answer(core::Nanos now) {
    const AnswerTimes answer_times{.first_byte = first_byte == 0 ? now : first_byte, .done = now};
    const HttpResponse response = parser.response();
    const std::uint64_t round = epoch;
    --outstanding;
    if (outstanding > 0) begin_answer();
    // An answer that came before all of its request was sent: the server may never read the rest,
    // which must not stand before the next one.
    const bool early = unsent.size() > static_cast<std::size_t>(outstanding);
    if (!response.keep_alive || early) {
      close(false);
      owner.on_answer(response, answer_times);
      if (round + 1 == epoch) owner.on_close();  // else the owner has opened it again
      return;
    }
    owner.on_answer(response, answer_times);
  }

  void on_end(Io io) {
    if (outstanding > 0 && io == Io::kEnd) {
      parser.finish();
      if (parser.complete()) return answer(core::monotonic_now());
    }
    if (outstanding == 0) {
      close(false);
      return owner.on_close();
    }
    if (io == Io::kFailed) return fail(stream.failure());
    fail({FailureClass::kClosed, parser.started()
                                     ? "the server closed the connection inside its answer"
                                     : "the server closed the connection without an answer"});
  }

  // --- Ending ---

  void fail(Failure failure) {
    close(false);
    owner.on_failure(failure);
  }
  void fail_soon(Failure failure) {
    loop.post([this, round = epoch, failure = std::move(failure)] {
      if (round == epoch) fail(failure);
    });
  }

  void close(bool reset) {
    ++epoch;
    if (stream.fd() >= 0) loop.native().forget(stream.fd(), *this);
    stream.close(reset);
    state = State::kClosed;
    outstanding = 0;
    unsent.clear();
    write_failed.reset();
  }

  Loop& loop;
  Owner& owner;
  Traffic& traffic;
  const bool head;
  State state = State::kClosed;
  std::uint64_t epoch = 0;
  int outstanding = 0;
  core::Nanos first_byte = 0;
  OpenTimes times;
  std::optional<Failure> write_failed;
  HttpParser parser;
  std::vector<std::string_view> unsent;  // oldest first
  Stream stream;
  std::uint32_t wanted = 0;  // of the socket
};

HttpConnection::HttpConnection(Loop& loop, Owner& owner, Traffic& traffic,
                               const HttpLimits& limits, bool head)
    : native_(std::make_unique<Native>(loop, owner, traffic, limits, head)) {}
HttpConnection::~HttpConnection() { native_->close(false); }

void HttpConnection::open(const Address& to, const Address* source, const TlsContext* tls) {
  native_->open(to, source, tls);
}
void HttpConnection::send(std::string_view request) { native_->send(request); }
void HttpConnection::close(bool reset) { native_->close(reset); }
bool HttpConnection::is_open() const { return native_->state == State::kOpen; }
bool HttpConnection::is_closed() const { return native_->state == State::kClosed; }
int HttpConnection::outstanding() const { return native_->outstanding; }

}  // namespace scalectl::net
