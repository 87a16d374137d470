#include "load/ws_worker.hpp"

#include <algorithm>
#include <deque>

#include "core/rng.hpp"
#include "load/deadlines.hpp"
#include "load/deliveries.hpp"
#include "load/pulse.hpp"
#include "load/stamp.hpp"
#include "net/loop.hpp"
#include "net/ws_connection.hpp"

namespace scalectl::load {
namespace {

using core::Nanos;

constexpr std::size_t kOpening = 128;  ///< connections that are being opened at once
constexpr Nanos kPace = 50'000;
/// At the end of a room, nobody knows how much is still under way: it is over when nothing came for
/// so long.
constexpr Nanos kQuiet = 500 * core::kMillisecond;
constexpr Nanos kClosing = 2 * core::kSecond;  ///< for close frames to be answered

}  // namespace

class WsWorker::Engine {
 public:
  Engine(WsWorker& worker, const WsSetting& setting, int index)
      : worker_(worker),
        setting_(setting),
        plan_(setting.plan),
        recorder_(worker.recorder_),
        text_(plan_.message.value_or(""), plan_.message_bytes),
        random_(setting.run, static_cast<std::uint64_t>(index), 0),
        opener_(loop_, [this] { open_due(core::monotonic_now()); }),
        pacer_(loop_, [this] { pump(core::monotonic_now()); }),
        deadline_timer_(loop_, [this] { on_deadline(); }),
        end_timer_(loop_, [this] { on_end(); }),
        pulse_(loop_, worker.health_, [this](Nanos now) { on_beat(now); }) {
    for (int i = index; i < plan_.connections; i += plan_.threads) {
      peers_.emplace_back(*this, static_cast<std::uint32_t>(i));
      if (plan_.message && i < plan_.speaking()) speakers_.push_back(&peers_.back());
    }
  }

  void run() {
    opening_since_ = core::monotonic_now();
    open_due(opening_since_);
    loop_.run();
  }
  void post(std::function<void()> work) { loop_.post(std::move(work)); }
  void begin(Nanos instant) {
    if (phase_ != Phase::kOpening) return;
    begin_ = instant;
    end_timer_.expire_at(instant);
  }

  /// Says nothing more; what is under way may still arrive.
  void stop() {
    if (phase_ == Phase::kOpening) return close_all(core::monotonic_now());
    if (phase_ == Phase::kSpeaking) drain(core::monotonic_now());
  }

  Nanos opening() const { return opening_took_; }
  Nanos loaded() const { return begun_ ? last_heard_ - begin_ : 0; }

  void add_sent(std::vector<std::uint32_t>& by_speaker) const {
    for (const Peer* speaker : speakers_) by_speaker[speaker->index] = speaker->sequence;
  }

  void settle(const std::vector<std::uint32_t>& by_speaker, MessageCounts& counts) const {
    if (plan_.expect == Expect::kNobody) return;
    for (const Peer& peer : peers_) {
      if (plan_.expect == Expect::kRoom) {
        for (std::size_t i = 0; i < peer.heard.size(); ++i)
          settle_one(peer, i, by_speaker[i], counts);
      } else if (!peer.heard.empty()) {
        settle_one(peer, 0, by_speaker[peer.index], counts);
      }
    }
  }

 private:
  /// A WebSocket and what it has heard.
  struct Peer : DeadlineHook, net::WsConnection::Owner {
    Peer(Engine& its_engine, std::uint32_t number)
        : engine(its_engine),
          index(number),
          connection(engine.loop_, *this, engine.traffic_, engine.plan_.max_message) {}

    void on_open(const net::OpenTimes& times, Nanos upgraded) override {
      engine.on_open(*this, times, upgraded);
    }
    void on_message(std::string_view message, bool /*text*/, Nanos now) override {
      engine.on_message(*this, message, now);
    }
    void on_close(const net::WsClose& close) override { engine.on_close(*this, close); }
    void on_failure(const net::Failure& failure) override { engine.on_failure(*this, failure); }

    Engine& engine;
    const std::uint32_t index;
    net::WsConnection connection;
    std::uint32_t sequence = 0;     ///< of its next message
    std::vector<Deliveries> heard;  ///< of each speaker it is to hear
    std::vector<bool> resumes;      ///< of those: was it away since their last message?
    bool settled = false;           ///< of the connections opened before the run begins
    bool was_there = false;         ///< when the run began
    Nanos rests_until = 0;          ///< reads nothing before
    Nanos lost_at = 0;              ///< when it was disconnected; 0 once it hears again
  };

  enum class Phase { kOpening, kSpeaking, kDraining, kClosing };

  // --- Opening ---

  void open_due(Nanos now) {
    const auto all = static_cast<double>(plan_.connections);
    while (opened_ < peers_.size()) {
      Peer& peer = peers_[opened_];
      const Nanos due = opening_since_ + static_cast<Nanos>(static_cast<double>(plan_.ramp) *
                                                            static_cast<double>(peer.index) / all);
      if (due > now) return opener_.expire_at(due);
      if (opening_count_ >= kOpening) return;  // whoever is done opens the next
      ++opened_;
      open(peer, now);
    }
  }

  void open(Peer& peer, Nanos now) {
    ++opening_count_;
    set_deadline(opening_, peer, now + plan_.connect_timeout);
    const net::Address* source =
        plan_.sources.empty() ? nullptr : &plan_.sources[peer.index % plan_.sources.size()];
    peer.connection.open(plan_.url, plan_.request, setting_.address, source, setting_.tls);
  }

  void settle_opening(Peer& peer, Nanos now) {
    --opening_count_;
    if (!returning_.empty()) wake_at(returning_.front().deadline);
    if (peer.settled) return;
    peer.settled = true;
    if (++settled_ == peers_.size()) {
      opening_took_ = now - opening_since_;
      worker_.futile_ = !has_opened_;
      worker_.ready_ = true;
    }
    open_due(now);
  }

  void on_open(Peer& peer, const net::OpenTimes& times, Nanos upgraded) {
    pulse_.note(upgraded);
    Deadlines::remove(peer);
    const Nanos ready = times.secured == 0 ? times.connected : times.secured;
    recorder_.opened(times.connected - times.started,
                     times.secured == 0 ? 0 : times.secured - times.connected);
    Tally& tally = recorder_.tally();
    tally.latencies.upgrade.record(upgraded - ready);
    if (peer.connection.is_compressing()) ++tally.connections_compressed;
    ++open_;
    has_opened_ = true;
    peer.rests_until = 0;
    const bool again = peer.lost_at != 0;
    if (again) ++tally.messages.reopened;
    if (peer.heard.empty()) make_ears(peer);
    settle_opening(peer, upgraded);
    if (phase_ >= Phase::kClosing) return peer.connection.close(1000);
    if (again && phase_ == Phase::kSpeaking && is_closed_loop() && is_speaker(peer)) {
      speak(peer, upgraded);
    }
  }

  void make_ears(Peer& peer) {
    std::size_t ears = 0;
    if (plan_.message && plan_.expect == Expect::kRoom)
      ears = static_cast<std::size_t>(plan_.speaking());
    if (plan_.message && plan_.expect == Expect::kEcho) ears = is_speaker(peer) ? 1 : 0;
    peer.heard.resize(ears);
    peer.resumes.resize(ears);
  }

  // --- Speaking ---

  bool is_speaker(const Peer& peer) const {
    return plan_.message && static_cast<int>(peer.index) < plan_.speaking();
  }
  bool is_closed_loop() const { return plan_.message && !plan_.schedule; }

  void start(Nanos now) {
    begun_ = true;
    phase_ = Phase::kSpeaking;
    pulse_.begin(now);
    recorder_.begin(begin_, false);
    end_timer_.expire_at(begin_ + plan_.duration);
    for (Peer& peer : peers_) {
      peer.was_there = peer.connection.is_open();
      if (peer.lost_at != 0 && !peer.was_there) come_back(peer, now);
    }
    if (is_closed_loop()) {
      for (Peer* speaker : speakers_) {
        if (speaker->connection.is_open()) speak(*speaker, now);
      }
    }
    pump(now);
  }

  /// The arrival that our next speaker is to send; speakers take turns over all threads.
  std::uint64_t next_arrival() const {
    return round_ * static_cast<std::uint64_t>(plan_.speaking()) + speakers_[turn_]->index;
  }

  void pump(Nanos now) {
    if (phase_ != Phase::kSpeaking || !plan_.schedule || speakers_.empty()) return;
    for (;;) {
      const Nanos at = plan_.schedule->start(next_arrival());
      if (at == Schedule::kNever) return;
      const Nanos due = begin_ + at;
      if (due > now) return pacer_.expire_at(std::max(due, now + kPace));
      speak(*speakers_[turn_], due);
      if (++turn_ == speakers_.size()) {
        turn_ = 0;
        ++round_;
      }
    }
  }

  void speak(Peer& peer, Nanos planned) {
    recorder_.advance(std::max(planned, last_heard_));
    Counts& counts = recorder_.tally().counts;
    ++counts.scheduled;
    if (!peer.connection.is_open() || peer.connection.queued() > plan_.max_queued) {
      ++counts.missed;
      return;
    }
    ++counts.sent;
    ++under_way_;
    recorder_.lag(core::monotonic_now() - planned);
    peer.connection.send(text_.with({.run = setting_.run,
                                     .sender = peer.index,
                                     .sequence = peer.sequence++,
                                     .planned = planned}));
  }

  // --- Hearing ---

  void on_message(Peer& peer, std::string_view message, Nanos now) {
    pulse_.note(now);
    if (begun_) recorder_.advance(now);
    Tally& tally = recorder_.tally();
    if (peer.lost_at != 0) {
      tally.latencies.reopen.record(now - peer.lost_at);
      peer.lost_at = 0;
    }
    if (plan_.read_rate) rest_reading(peer, message.size(), now);
    const auto stamp = find_stamp(message);
    if (!stamp || stamp->run != setting_.run) {
      ++tally.messages.foreign;
      return;
    }
    last_heard_ = now;
    const bool own = stamp->sender == peer.index;
    const Deliveries::Kind kind = take(peer, *stamp, own);
    if (kind == Deliveries::Kind::kDuplicate) {
      ++tally.messages.duplicated;
      return;
    }
    if (kind == Deliveries::Kind::kReordered) ++tally.messages.reordered;
    ++tally.messages.delivered;
    (own ? tally.latencies.echo : tally.latencies.fanout).record(now - stamp->planned);
    if (!own) return;
    --under_way_;
    if (is_closed_loop() && phase_ == Phase::kSpeaking) speak(peer, now);
  }

  Deliveries::Kind take(Peer& peer, const Stamp& stamp, bool own) {
    if (plan_.expect == Expect::kEcho && !own) return Deliveries::Kind::kInOrder;
    const std::size_t ear = plan_.expect == Expect::kRoom ? stamp.sender : 0;
    if (ear >= peer.heard.size()) return Deliveries::Kind::kInOrder;
    if (peer.resumes[ear]) {
      peer.heard[ear].resume(stamp.sequence);
      peer.resumes[ear] = false;
    }
    return peer.heard[ear].take(stamp.sequence);
  }

  /// A slow reader reads nothing more until all that it has read, often many messages at once, has
  /// taken its time.
  void rest_reading(Peer& peer, std::size_t bytes, Nanos now) {
    peer.connection.read(false);
    const auto rest = static_cast<Nanos>(static_cast<double>(bytes) * 1e9 /
                                         static_cast<double>(*plan_.read_rate));
    peer.rests_until = std::max(now, peer.rests_until) + rest;
    set_deadline(resting_, peer, peer.rests_until);
  }

  // --- Closing, wanted and not ---

  void on_close(Peer& peer, const net::WsClose& close) {
    const Nanos now = core::monotonic_now();
    pulse_.note(now);
    --open_;
    Deadlines::remove(peer);
    Tally& tally = recorder_.tally();
    tally.count_close({close.code, close.by_peer, close.reason});
    if (phase_ == Phase::kClosing) return finish_if_closed();
    ++tally.messages.disconnects;
    come_back(peer, now);
  }

  void on_failure(Peer& peer, const net::Failure& failure) {
    const Nanos now = core::monotonic_now();
    pulse_.note(now);
    Deadlines::remove(peer);
    recorder_.open_failed();
    recorder_.tally().count_failure(failure);
    settle_opening(peer, now);
    if (peer.lost_at != 0) come_back(peer, now);
  }

  /// After a disconnect, where that is wanted: at a random instant, so that not all come at once.
  void come_back(Peer& peer, Nanos now) {
    if (peer.lost_at == 0) peer.lost_at = now;
    peer.resumes.assign(peer.resumes.size(), true);
    // Before the run begins, the places are for those that are opened for the first time.
    if (!plan_.reconnect || phase_ != Phase::kSpeaking) return;
    const auto wait =
        static_cast<Nanos>(random_.unit() * static_cast<double>(plan_.reconnect_jitter));
    set_deadline(returning_, peer, now + wait);
  }

  void set_deadline(Deadlines& list, Peer& peer, Nanos deadline) {
    list.add(peer, deadline);
    wake_at(deadline);
  }

  void wake_at(Nanos deadline) {
    const Nanos set = deadline_timer_.instant();
    if (set == 0 || set > deadline) deadline_timer_.expire_at(deadline);
  }

  void on_deadline() {
    const Nanos now = core::monotonic_now();
    while (!done_ && !opening_.empty() && opening_.front().deadline <= now) {
      Peer& peer = static_cast<Peer&>(opening_.front());
      peer.connection.drop();
      on_failure(peer, {net::FailureClass::kTimeout, "connect: no upgrade in time"});
    }
    while (!done_ && may_return() && returning_.front().deadline <= now) {
      open(static_cast<Peer&>(returning_.front()), now);
    }
    while (!done_ && !resting_.empty() && resting_.front().deadline <= now) {
      Peer& peer = static_cast<Peer&>(resting_.front());
      Deadlines::remove(peer);
      peer.connection.read(true);
    }
    Nanos first = INT64_MAX;
    for (Deadlines* list : {&opening_, &resting_}) {
      if (!list->empty()) first = std::min(first, list->front().deadline);
    }
    if (may_return()) first = std::min(first, returning_.front().deadline);
    if (first < INT64_MAX && !done_) deadline_timer_.expire_at(first);
  }

  /// Is there a place for the next that comes back? Else, whoever is done opening wakes it.
  bool may_return() { return !returning_.empty() && opening_count_ < kOpening; }

  void on_beat(Nanos now) {
    recorder_.traffic(traffic_.bytes_in, traffic_.bytes_out);
    recorder_.advance(now);
    worker_.in_flight_shown_ = open_;
    if (phase_ == Phase::kDraining && is_drained(now)) close_all(now);
  }

  // --- The end: what is under way arrives, then everybody says goodbye ---

  void on_end() {
    const Nanos now = core::monotonic_now();
    switch (phase_) {
      case Phase::kOpening:
        return start(now);
      case Phase::kSpeaking:
        return drain(now);
      case Phase::kDraining:
        return close_all(now);
      case Phase::kClosing:
        return finish();
    }
  }

  void drain(Nanos now) {
    phase_ = Phase::kDraining;
    pacer_.cancel();
    last_heard_ = std::max(last_heard_, now);
    if (is_drained(now)) return close_all(now);
    end_timer_.expire_at(now + plan_.drain);
  }

  bool is_drained(Nanos now) const {
    if (!plan_.message || plan_.expect == Expect::kNobody) return true;
    if (plan_.expect == Expect::kEcho) return under_way_ <= 0;
    return now - last_heard_ > kQuiet;
  }

  void close_all(Nanos now) {
    phase_ = Phase::kClosing;
    opener_.cancel();
    for (Peer& peer : peers_) {
      Deadlines::remove(peer);
      if (peer.connection.is_open()) {
        peer.connection.read(true);
        peer.connection.close(1000);
      } else {
        peer.connection.drop();
      }
    }
    end_timer_.expire_at(now + kClosing);
    finish_if_closed();
  }

  void finish_if_closed() {
    if (open_ == 0) finish();
  }

  void finish() {
    if (done_) return;
    done_ = true;
    const Nanos now = core::monotonic_now();
    Tally& tally = recorder_.tally();
    for (Peer& peer : peers_) {
      if (peer.connection.is_open()) {
        tally.count_close({net::WebSocket::kAbnormal, false, "our close was not answered"});
      }
      peer.connection.drop();
    }
    if (begun_) {
      recorder_.advance(now);
      pulse_.end(begin_, now);
    }
    recorder_.traffic(traffic_.bytes_in, traffic_.bytes_out);
    worker_.end(now);
    loop_.stop();
  }

  // --- The account ---

  /// What `peer` heard of a speaker who sent `sent` messages.
  void settle_one(const Peer& peer, std::size_t ear, std::uint32_t sent,
                  MessageCounts& counts) const {
    const Deliveries& heard = peer.heard[ear];
    if (heard.empty()) {
      if (!peer.was_there) return;  // it came later and may have missed them rightly
      counts.expected += sent;
      (peer.lost_at != 0 ? counts.away : counts.unfinished) += sent;
      return;
    }
    const std::uint32_t base = peer.was_there ? 0 : heard.first();
    const std::uint32_t tail = sent - (heard.newest() + 1);
    counts.expected += sent - base;
    counts.lost += heard.gaps(base);
    counts.away += heard.away();
    (peer.lost_at != 0 ? counts.away : counts.unfinished) += tail;
  }

  WsWorker& worker_;
  const WsSetting& setting_;
  const WsPlan& plan_;
  Recorder& recorder_;
  net::Traffic traffic_;
  net::Loop loop_;
  StampedText text_;
  core::Rng random_;
  std::deque<Peer> peers_;
  std::vector<Peer*> speakers_;
  net::Timer opener_;
  net::Timer pacer_;
  net::Timer deadline_timer_;
  net::Timer end_timer_;
  Pulse pulse_;
  Deadlines opening_;
  Deadlines returning_;
  Deadlines resting_;

  Phase phase_ = Phase::kOpening;
  std::size_t opened_ = 0;         // of the connections, those begun to open
  std::size_t opening_count_ = 0;  // those that are being opened
  std::size_t settled_ = 0;
  std::int64_t open_ = 0;
  std::int64_t under_way_ = 0;  // messages that have not come back to their sender
  std::uint64_t round_ = 0;     // of the speakers' turns
  std::size_t turn_ = 0;
  bool has_opened_ = false;  // any connection, be it closed again
  bool begun_ = false;
  bool done_ = false;
  Nanos opening_since_ = 0;
  Nanos opening_took_ = 0;
  Nanos begin_ = 0;
  Nanos last_heard_ = 0;
};

WsWorker::WsWorker(const WsSetting& setting, int index)
    : engine_(std::make_unique<Engine>(*this, setting, index)) {}
WsWorker::~WsWorker() = default;

void WsWorker::run() { engine_->run(); }
void WsWorker::begin(core::Nanos instant) {
  engine_->post([this, instant] { engine_->begin(instant); });
}
void WsWorker::stop() {
  engine_->post([this] { engine_->stop(); });
}
core::Nanos WsWorker::opening() const { return engine_->opening(); }
core::Nanos WsWorker::loaded() const { return engine_->loaded(); }
void WsWorker::add_sent(std::vector<std::uint32_t>& by_speaker) const {
  engine_->add_sent(by_speaker);
}
void WsWorker::settle(const std::vector<std::uint32_t>& by_speaker, MessageCounts& counts) const {
  engine_->settle(by_speaker, counts);
}

}  // namespace scalectl::load
