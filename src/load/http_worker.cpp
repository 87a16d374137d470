#include "load/http_worker.hpp"

#include <algorithm>
#include <deque>
#include <optional>
#include <vector>

#include "load/arrivals.hpp"
#include "load/deadlines.hpp"
#include "load/pulse.hpp"
#include "net/http_connection.hpp"
#include "net/loop.hpp"
#include "net/resolver.hpp"
#include "net/url.hpp"

namespace scalectl::load {
namespace {

using core::Nanos;

/// Connections that are being opened at once, so that no server's queue of them overflows.
constexpr std::size_t kOpening = 128;
/// After a connection failed, a closed loop waits this long before it tries again: it would
/// otherwise measure how fast this machine is refused.
constexpr Nanos kRest = 100 * core::kMillisecond;
/// The pacer looks at the clock this often at most; between two looks every answer is one too.
constexpr Nanos kPace = 50'000;

/// A request that was started and has no outcome yet.
struct Exchange {
  Nanos planned = 0;
  Nanos written = 0;  ///< 0 until it is sent
  int hops = 0;       ///< redirects followed
};

}  // namespace

class HttpWorker::Engine {
 public:
  Engine(HttpWorker& worker, const HttpSetting& setting, int index)
      : worker_(worker),
        setting_(setting),
        plan_(setting.plan),
        shape_{.head = plan_.request.method == "HEAD"},
        recorder_(worker.recorder_),
        resolver_(loop_),
        pacer_(loop_, [this] { pump(core::monotonic_now()); }),
        deadline_timer_(loop_, [this] { on_deadline(); }),
        end_timer_(loop_, [this] { on_end(); }),
        pulse_(loop_, worker.health_, [this](Nanos now) { on_beat(now); }) {
    const auto threads = static_cast<std::uint64_t>(plan_.threads);
    const auto ours = static_cast<std::uint64_t>(index);
    const auto share = [&](std::uint64_t all) {
      return all / threads + (ours < all % threads ? 1 : 0);
    };
    if (plan_.schedule) {
      const Shard shard = plan_.shard.value_or(Shard{});
      arrivals_.emplace(*plan_.schedule,
                        Shard{shard.index + shard.count * ours, shard.count * threads});
    }
    if (plan_.count) left_ = share(*plan_.count);
    const std::uint64_t connections = share(static_cast<std::uint64_t>(plan_.connections));
    for (std::uint64_t i = 0; i < connections; ++i) {
      clients_.emplace_back(*this, ours + i * threads);
    }
  }

  void run() {
    while (opened_ < clients_.size() && opened_ < kOpening) open_next();
    loop_.run();
  }

  void post(std::function<void()> work) { loop_.post(std::move(work)); }

  void begin(Nanos instant) {
    begin_ = instant;
    end_timer_.expire_at(instant);
  }

  /// Starts nothing more.
  void stop() {
    if (!begun_ || stopped_) {
      stopped_ = true;
      if (!begun_) finish();
      return;
    }
    const Nanos now = core::monotonic_now();
    stopped_ = true;
    if (arrivals_) {
      scheduled_ = std::min(scheduled_, arrivals_->before(now - begin_));
      scheduled_ = std::max(scheduled_, started_);  // one that was due a moment ago has been sent
    }
    pacer_.cancel();
    drain_until_ = std::min(drain_until_, now + plan_.drain);
    end_timer_.expire_at(drain_until_);
    finish_if_idle();
  }

 private:
  /// A connection and what it is being used for.
  struct Client : DeadlineHook, net::HttpConnection::Owner {
    Client(Engine& its_engine, std::size_t number)
        : engine(its_engine),
          index(number),
          connection(engine.loop_, *this, engine.traffic_, engine.plan_.limits) {
      exchanges.reserve(static_cast<std::size_t>(engine.plan_.pipeline));
    }

    void on_open(const net::OpenTimes& times) override { engine.on_open(*this, times); }
    void on_answer(const net::HttpResponse& response, const net::AnswerTimes& times) override {
      engine.on_answer(*this, response, times);
    }
    void on_failure(const net::Failure& failure) override { engine.on_failure(*this, failure); }
    void on_close() override {}  // the next request opens it again

    Engine& engine;
    const std::size_t index;
    net::HttpConnection connection;
    std::vector<Exchange> exchanges;  ///< oldest first; few
    std::string redirected;           ///< the request that follows a redirect
    std::uint32_t attempt = 0;        ///< to open it
    bool opening = false;
    bool idle = false;  ///< open model: waits for an arrival
    bool first = true;  ///< is being opened before the run begins
  };

  // --- What connections tell ---

  void on_open(Client& client, const net::OpenTimes& times) {
    client.opening = false;
    Deadlines::remove(client);
    recorder_.opened(times.connected - times.started,
                     times.secured == 0 ? 0 : times.secured - times.connected);
    if (client.first) return opened_first(client);
    if (!client.exchanges.empty() && client.exchanges.front().hops > 0)
      return send_redirected(client);
    send_waiting(client);
  }

  void on_answer(Client& client, const net::HttpResponse& response, const net::AnswerTimes& times) {
    pulse_.note(times.done);
    recorder_.advance(times.done);
    // The server was asked to close, and may not have listened.
    if (!plan_.request.keep_alive) client.connection.close();
    Exchange& exchange = client.exchanges.front();
    if (response.status >= 300 && response.status < 400 && exchange.hops < plan_.request.follow &&
        follow(client, exchange, response)) {
      return;
    }
    recorder_.answered(response.status, exchange.planned, times.done - exchange.planned,
                       times.done - exchange.written, times.first_byte - exchange.written);
    client.exchanges.erase(client.exchanges.begin());
    --in_flight_;
    Deadlines::remove(client);
    if (!client.exchanges.empty() && !client.connection.is_open()) {
      fail_all(client, {net::FailureClass::kClosed, "the server closed a pipelined connection"},
               times.done);
    } else if (!client.exchanges.empty()) {
      set_deadline(busy_, client, client.exchanges.front().written + plan_.timeout);
    }
    next(client, times.done);
  }

  void on_failure(Client& client, const net::Failure& failure) {
    const Nanos now = core::monotonic_now();
    pulse_.note(now);
    Deadlines::remove(client);
    if (client.opening) recorder_.open_failed();
    client.opening = false;
    if (client.first) return opened_first(client);
    recorder_.advance(now);
    fail_all(client, failure, now);
    if (plan_.is_open()) return next(client, now);
    set_deadline(resting_, client, now + kRest);
    finish_if_idle();
  }

  // --- Opening the connections before the run ---

  void open_next() { open(clients_[opened_++]); }

  void opened_first(Client& client) {
    client.first = false;
    if (opened_ < clients_.size()) open_next();
    if (++settled_ == clients_.size()) worker_.ready_ = true;
  }

  void open(Client& client) {
    client.opening = true;
    set_deadline(opening_, client, core::monotonic_now() + plan_.connect_timeout);
    if (!plan_.resolve_each || plan_.unix_path) return open(client, setting_.address);
    resolver_.resolve(plan_.url.host, plan_.url.port, plan_.ip_version,
                      [this, &client, attempt = ++client.attempt](auto found) {
                        if (done_ || !client.opening || attempt != client.attempt) return;
                        if (const auto* failure = std::get_if<net::Failure>(&found)) {
                          return on_failure(client, *failure);
                        }
                        open(client, like_the_probed(std::get<std::vector<net::Address>>(found)));
                      });
  }
  /// Of a name's addresses the first of the family that the server is known to listen on.
  const net::Address& like_the_probed(const std::vector<net::Address>& found) const {
    const auto like = std::find_if(found.begin(), found.end(), [&](const net::Address& address) {
      return address.family() == setting_.address.family();
    });
    return like != found.end() ? *like : found.front();
  }
  void open(Client& client, const net::Address& address) {
    const net::Address* source =
        plan_.sources.empty() ? nullptr : &plan_.sources[client.index % plan_.sources.size()];
    client.connection.open(address, source, setting_.tls);
  }

  // --- The load ---

  void start_load() {
    begun_ = true;
    pulse_.begin(core::monotonic_now());
    recorder_.begin(begin_, setting_.samples);
    if (arrivals_) {
      scheduled_ = arrivals_->total();
      end_ = begin_ + plan_.schedule->end().value();
    } else {
      end_ = plan_.duration ? begin_ + *plan_.duration : INT64_MAX;
    }
    drain_until_ = end_ > INT64_MAX - plan_.drain ? INT64_MAX : end_ + plan_.drain;
    if (end_ < INT64_MAX) end_timer_.expire_at(end_);
    for (Client& client : clients_) next(client, core::monotonic_now());
    finish_if_idle();
  }

  /// Lets a connection that can take a request have one.
  void next(Client& client, Nanos now) {
    if (arrivals_) {
      if (!client.idle) idle_.push_back(&client);
      client.idle = true;
      return pump(now);
    }
    while (may_start(now) && client.exchanges.size() < static_cast<std::size_t>(plan_.pipeline)) {
      if (plan_.count) --left_;
      start(client, now, now);
      if (!client.connection.is_open()) break;
    }
    finish_if_idle();
  }

  bool may_start(Nanos now) const { return !stopped_ && now < end_ && (!plan_.count || left_ > 0); }

  /// Open model: gives the arrivals that are due to idle connections, and waits for the next.
  void pump(Nanos now) {
    if (stopped_) return finish_if_idle();
    while (!idle_.empty() && started_ < scheduled_ && begin_ + arrivals_->next() <= now) {
      Client& client = *idle_.front();
      idle_.pop_front();
      client.idle = false;
      const Nanos planned = begin_ + arrivals_->next();
      arrivals_->pop();
      start(client, planned, now);
    }
    if (started_ == scheduled_) return finish_if_idle();
    if (idle_.empty()) return;  // the next answer looks again
    const Nanos due = begin_ + arrivals_->next();
    const Nanos set = pacer_.instant();
    // A timer that goes off early is cheaper than setting it for each arrival.
    if (set == 0 || set > due + kPace) pacer_.expire_at(std::max(due, now + kPace));
  }

  void start(Client& client, Nanos planned, Nanos now) {
    ++started_;
    ++in_flight_;
    recorder_.advance(now);
    recorder_.sent();
    client.exchanges.push_back({.planned = planned});
    if (client.connection.is_open()) return send_waiting(client);
    if (!client.opening) open(client);
  }

  /// Sends what the client has not sent yet.
  void send_waiting(Client& client) {
    for (Exchange& exchange : client.exchanges) {
      if (exchange.written != 0) continue;
      exchange.written = core::monotonic_now();
      recorder_.lag(exchange.written - exchange.planned);
      if (!client.linked()) set_deadline(busy_, client, exchange.written + plan_.timeout);
      client.connection.send(setting_.wire, shape_);
    }
    // A pipelining closed loop fills a connection that was just opened.
    if (!arrivals_ && plan_.pipeline > 1) next(client, core::monotonic_now());
  }

  /// Asks for what a redirect points to; false where that is not on this server.
  bool follow(Client& client, Exchange& exchange, const net::HttpResponse& response) {
    const auto target = net::redirect_target(plan_.url, response.location);
    if (!target) return false;
    ++exchange.hops;
    recorder_.redirected();
    client.redirected = plan_.request.wire(plan_.url, *target);
    if (client.connection.is_open()) {
      client.connection.send(client.redirected, shape_);
    } else {
      open(client);
    }
    return true;
  }

  void send_redirected(Client& client) {
    set_deadline(busy_, client, client.exchanges.front().written + plan_.timeout);
    client.connection.send(client.redirected, shape_);
  }

  void fail_all(Client& client, const net::Failure& failure, Nanos now) {
    for (const Exchange& exchange : client.exchanges) {
      recorder_.failed(failure, exchange.planned, now - exchange.planned,
                       exchange.written == 0 ? -1 : now - exchange.written);
      --in_flight_;
    }
    client.exchanges.clear();
  }

  // --- Deadlines ---

  void set_deadline(Deadlines& list, Client& client, Nanos deadline) {
    list.add(client, deadline);
    const Nanos set = deadline_timer_.instant();
    if (set == 0 || set > deadline) deadline_timer_.expire_at(deadline);
  }

  void on_deadline() {
    const Nanos now = core::monotonic_now();
    expire(opening_, now, "connect");
    expire(busy_, now, "request");
    while (!done_ && !resting_.empty() && resting_.front().deadline <= now) {
      Client& client = static_cast<Client&>(resting_.front());
      Deadlines::remove(client);
      next(client, now);
    }
    Nanos first = INT64_MAX;
    for (Deadlines* list : {&opening_, &busy_, &resting_}) {
      if (!list->empty()) first = std::min(first, list->front().deadline);
    }
    if (first < INT64_MAX && !done_) deadline_timer_.expire_at(first);
  }

  void expire(Deadlines& list, Nanos now, const char* what) {
    while (!done_ && !list.empty() && list.front().deadline <= now) {
      Client& client = static_cast<Client&>(list.front());
      client.connection.close(true);
      on_failure(client, {net::FailureClass::kTimeout, std::string(what) + ": no answer in time"});
    }
  }

  void on_beat(Nanos now) {
    recorder_.traffic(traffic_.bytes_in, traffic_.bytes_out);
    recorder_.advance(now);
    worker_.in_flight_shown_ = in_flight_;
  }

  // --- The end ---

  void on_end() {
    if (!begun_) return start_load();
    const Nanos now = core::monotonic_now();
    if (now >= drain_until_) return finish();
    end_timer_.expire_at(drain_until_);
    finish_if_idle();
  }

  /// Ends the run where nothing is in flight and nothing more is to be started.
  void finish_if_idle() {
    if (!begun_ || done_ || in_flight_ > 0) return;
    const Nanos now = core::monotonic_now();
    const bool more = arrivals_ ? !stopped_ && started_ < scheduled_ : may_start(now);
    if (more) return;
    // An open run that is over early (its last arrivals answered) is over; a closed one too.
    finish();
  }

  void finish() {
    if (done_) return;
    done_ = true;
    const Nanos now = core::monotonic_now();
    if (begun_) {
      recorder_.advance(now);
      for (Client& client : clients_) {
        for (const Exchange& exchange : client.exchanges) {
          recorder_.unfinished(exchange.planned, now - exchange.planned,
                               exchange.written == 0 ? -1 : now - exchange.written);
        }
        client.exchanges.clear();
      }
      if (!arrivals_) scheduled_ = started_;
      recorder_.settle(scheduled_, scheduled_ - started_);
      pulse_.end(begin_, now);
    }
    for (Client& client : clients_) client.connection.close();
    recorder_.traffic(traffic_.bytes_in, traffic_.bytes_out);
    worker_.end(now);
    loop_.stop();
  }

  HttpWorker& worker_;
  const HttpSetting& setting_;
  const HttpPlan& plan_;
  const net::AnswerShape shape_;
  Recorder& recorder_;
  net::Traffic traffic_;
  net::Loop loop_;
  std::deque<Client> clients_;
  net::Resolver resolver_;
  net::Timer pacer_;
  net::Timer deadline_timer_;
  net::Timer end_timer_;
  Pulse pulse_;
  Deadlines opening_;
  Deadlines busy_;
  Deadlines resting_;

  std::optional<Arrivals> arrivals_;
  std::deque<Client*> idle_;  // open model: those without a request
  std::size_t opened_ = 0;
  std::size_t settled_ = 0;
  std::uint64_t left_ = 0;  // closed model with a count: requests not started
  std::uint64_t scheduled_ = 0;
  std::uint64_t started_ = 0;
  std::int64_t in_flight_ = 0;
  bool begun_ = false;
  bool stopped_ = false;
  bool done_ = false;
  Nanos begin_ = 0;
  Nanos end_ = 0;
  Nanos drain_until_ = 0;
};

HttpWorker::HttpWorker(const HttpSetting& setting, int index)
    : engine_(std::make_unique<Engine>(*this, setting, index)) {}
HttpWorker::~HttpWorker() = default;

void HttpWorker::run() { engine_->run(); }
void HttpWorker::begin(Nanos instant) {
  engine_->post([this, instant] { engine_->begin(instant); });
}
void HttpWorker::stop() {
  engine_->post([this] { engine_->stop(); });
}

}  // namespace scalectl::load
