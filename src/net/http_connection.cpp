#include "net/http_connection.hpp"

#include <vector>

namespace scalectl::net {
namespace {

const Failure kUnasked{FailureClass::kProtocol, "the server sent bytes that nobody asked for"};

}  // namespace

struct HttpConnection::Native : Transport::Owner {
  Native(Loop& loop, HttpConnection::Owner& its_owner, Traffic& traffic, const HttpLimits& limits)
      : owner(its_owner), parser(limits), transport(loop, *this, traffic) {}

  // --- Sending ---

  void send(std::string_view request, const AnswerShape& its_shape) {
    shape = its_shape;
    if (outstanding++ == 0) begin_answer();
    if (unsent.empty()) request.remove_prefix(transport.write(request));
    if (!request.empty()) unsent.push_back(request);
  }

  void on_flushed() override {
    while (!unsent.empty()) {
      unsent.front().remove_prefix(transport.write(unsent.front()));
      if (!unsent.front().empty()) return;
      unsent.erase(unsent.begin());
    }
  }

  // --- What the transport tells ---

  void on_connected(const OpenTimes& times) override {
    open = true;
    owner.on_open(times);
  }

  void on_bytes(std::string_view bytes, core::Nanos now) override {
    const std::uint64_t round = epoch;
    while (!bytes.empty()) {
      if (outstanding == 0) return fail(kUnasked);
      if (first_byte == 0) first_byte = now;
      const std::size_t used = parser.feed(bytes.data(), bytes.size());
      if (parser.failed()) return fail({FailureClass::kProtocol, parser.error()});
      if (!parser.complete()) return;
      bytes.remove_prefix(used);
      // What came along with the last answer cannot answer a request that is sent after it.
      const bool unasked = outstanding == 1 && !bytes.empty();
      answer(now);
      if (round != epoch) return;
      if (unasked) return fail(kUnasked);
    }
  }

  void on_end() override {
    if (outstanding == 0) return closed();
    parser.finish();
    if (parser.complete()) return answer(core::monotonic_now());
    fail({FailureClass::kClosed, parser.started()
                                     ? "the server closed the connection inside its answer"
                                     : "the server closed the connection without an answer"});
  }

  void on_broken(const Failure& failure) override {
    if (open && outstanding == 0) return closed();
    fail(failure);
  }

  // --- Answers ---

  void begin_answer() {
    parser.reset(shape);
    first_byte = 0;
  }

  void answer(core::Nanos now) {
    const AnswerTimes times{.first_byte = first_byte == 0 ? now : first_byte, .done = now};
    const HttpResponse response = parser.take_response();
    const std::uint64_t round = epoch;
    --outstanding;
    if (outstanding > 0) begin_answer();
    // An answer that came before all of its request was sent: the server may never read the rest,
    // which must not stand before the next one.
    const bool early = unsent.size() > static_cast<std::size_t>(outstanding);
    if (response.keep_alive && !early) return owner.on_answer(response, times);
    close(false);
    owner.on_answer(response, times);
    if (round + 1 == epoch) owner.on_close();  // else the owner has opened it again
  }

  // --- Ending ---

  void closed() {
    close(false);
    owner.on_close();
  }
  void fail(const Failure& failure) {
    const Failure kept = failure;
    close(false);
    owner.on_failure(kept);
  }
  void close(bool reset) {
    ++epoch;
    transport.close(reset);
    open = false;
    outstanding = 0;
    unsent.clear();
  }

  HttpConnection::Owner& owner;
  AnswerShape shape;
  bool open = false;
  std::uint64_t epoch = 0;  // of the connection: it has been closed since where that has changed
  int outstanding = 0;      // requests sent that have no answer yet
  core::Nanos first_byte = 0;
  HttpParser parser;
  std::vector<std::string_view> unsent;  // oldest first
  Transport transport;
};

HttpConnection::HttpConnection(Loop& loop, Owner& owner, Traffic& traffic, const HttpLimits& limits)
    : native_(std::make_unique<Native>(loop, owner, traffic, limits)) {}
HttpConnection::~HttpConnection() = default;

void HttpConnection::open(const Address& to, const Address* source, const TlsContext* tls) {
  native_->close(false);
  native_->transport.open(to, source, tls);
}
void HttpConnection::send(std::string_view request, const AnswerShape& shape) {
  native_->send(request, shape);
}
void HttpConnection::close(bool reset) { native_->close(reset); }
bool HttpConnection::is_open() const { return native_->open; }

}  // namespace scalectl::net
