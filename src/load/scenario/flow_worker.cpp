#include "load/scenario/flow_worker.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <queue>

#include "load/arrivals.hpp"
#include "load/pulse.hpp"
#include "load/scenario/profile.hpp"
#include "load/scenario/slice.hpp"
#include "load/scenario/user.hpp"

namespace scalectl::load::scenario {
namespace {

using core::Nanos;

/// After no answer, and after an iteration that took no time at all, a user of a closed load waits
/// this long before it tries again: it would otherwise measure how fast this machine is refused.
constexpr Nanos kRest = 100 * core::kMillisecond;
constexpr Nanos kPace = 50'000;  ///< the clock is looked at this often at most

/// Something to do at an instant.
struct Wake {
  Nanos at = 0;
  User* user = nullptr;  ///< to be woken, or (with `next`) to begin its next iteration
  bool next = false;
  int load = 0;  ///< without a user: user `number` of this closed load is to come
  std::uint64_t number = 0;

  bool operator>(const Wake& other) const { return at > other.at; }
};

/// Where the stages of a load begin.
struct StageClock {
  std::vector<Nanos> ends;
  std::vector<int> names;  ///< into Scenario::stage_names
  std::size_t current = 0;

  /// Instants go forward but for the age of what was due before: look back as well.
  int at(Nanos instant) {
    while (current > 0 && instant < ends[current - 1]) --current;
    while (current + 1 < ends.size() && instant >= ends[current]) ++current;
    return names[current];
  }
};

}  // namespace

class FlowWorker::Engine : public Crowd {
 public:
  Engine(FlowWorker& worker, const FlowSetting& its_setting, int index)
      : Crowd(its_setting, worker.recorder_),
        worker_(worker),
        ours_{its_setting.shard.index + its_setting.shard.count * static_cast<std::uint64_t>(index),
              its_setting.shard.count * static_cast<std::uint64_t>(its_setting.threads)},
        pacer_(loop, [this] { pump(core::monotonic_now()); }),
        deadline_timer_(loop, [this] { expire(); }),
        end_timer_(loop, [this] { on_end(); }),
        pulse_(loop, worker.health_, [this](Nanos now) { on_beat(now); }) {
    for (const Load& load : scenario.loads) {
      length_ = std::max(length_, load.length());
      StageClock& clock = clocks_.emplace_back();
      Nanos end = 0;
      for (const LoadStage& stage : load.stages) {
        clock.ends.push_back(end += stage.length());
        const auto& names = scenario.stage_names;
        clock.names.push_back(
            static_cast<int>(std::find(names.begin(), names.end(), stage.name) - names.begin()));
      }
      Gate& gate = gates_.emplace_back();
      if (!load.arrivals) continue;
      gate.arrivals = std::make_unique<Arrivals>(*load.arrivals, ours_);
      gate.scheduled = gate.arrivals->total();
      gate.free = ours_.share(load.max_users);
    }
  }

  void run() {
    worker_.ready_ = true;
    loop.run();
  }

  void begin(Nanos instant) {
    begin_ = instant;
    end_timer_.expire_at(instant);
  }

  /// Begins nothing more; iterations that are under way may come to their end.
  void stop() {
    if (!begun_) {
      phase_ = Phase::kDone;
      return finish(core::monotonic_now());
    }
    if (phase_ == Phase::kRunning) drain(core::monotonic_now());
  }

  const Values& last_values() const { return last_values_; }

 private:
  enum class Phase { kRunning, kDraining, kLeaving, kDone };

  /// How users come to an open load.
  struct Gate {
    std::unique_ptr<Arrivals> arrivals;  ///< null for a closed load
    std::uint64_t scheduled = 0;
    std::uint64_t begun = 0;
    std::uint64_t free = 0;  ///< how many more users there may be at once
    Nanos free_since = 0;
  };

  const Load& load_of(int index) const { return scenario.loads[static_cast<std::size_t>(index)]; }
  Gate& gate_of(int index) { return gates_[static_cast<std::size_t>(index)]; }

  // --- Users come ---

  void start(Nanos now) {
    begun_ = true;
    phase_ = Phase::kRunning;
    pulse_.begin(now);
    recorder.begin(begin_, false);
    end_timer_.expire_at(begin_ + length_);
    for (std::size_t i = 0; i < scenario.loads.size(); ++i) {
      const Load& load = scenario.loads[i];
      if (load.is_open) continue;
      for (std::uint64_t user = ours_.index; user < load.most_users(); user += ours_.count) {
        schedule(static_cast<int>(i), user, 0);
      }
    }
    pump(now);
  }

  /// Has user `number` of a closed load come the next time it is there.
  void schedule(int load, std::uint64_t number, Nanos since) {
    const auto presence = Profile(load_of(load)).presence(number, since);
    if (!presence) return;
    wakes_.push({.at = begin_ + presence->from, .load = load, .number = number});
    ++coming_;
  }

  void pump(Nanos now) {
    while (!wakes_.empty() && wakes_.top().at <= now && phase_ < Phase::kLeaving) {
      const Wake wake = wakes_.top();
      wakes_.pop();
      recorder.lag(now - wake.at);
      if (wake.user == nullptr) {
        --coming_;
        if (phase_ == Phase::kRunning) come(wake.load, wake.number, wake.at, now);
      } else if (wake.next) {
        begin_next(*wake.user, wake.at, now);
      } else {
        wake.user->wake(wake.at, now);
      }
    }
    for (std::size_t i = 0; i < gates_.size() && phase_ == Phase::kRunning; ++i) {
      admit(static_cast<int>(i), now);
    }
    set_pacer(now);
    finish_if_idle(now);
  }

  /// Lets users of an open load in who have arrived.
  void admit(int load, Nanos now) {
    Gate& gate = gate_of(load);
    while (gate.arrivals && gate.begun < gate.scheduled && gate.free > 0 &&
           begin_ + gate.arrivals->next() <= now) {
      const Nanos due = begin_ + gate.arrivals->next();
      recorder.lag(now - std::max(due, gate.free_since));
      const std::uint64_t number = gate.arrivals->index();
      gate.arrivals->pop();
      ++gate.begun;
      --gate.free;
      come(load, number, due, now);
    }
  }

  void set_pacer(Nanos now) {
    Nanos next = wakes_.empty() ? INT64_MAX : wakes_.top().at;
    for (const Gate& gate : gates_) {
      if (phase_ != Phase::kRunning || !gate.arrivals || gate.free == 0) continue;
      if (gate.begun < gate.scheduled) next = std::min(next, begin_ + gate.arrivals->next());
    }
    if (next == INT64_MAX) return;
    const Nanos set = pacer_.instant();
    if (set == 0 || set > next + kPace) pacer_.expire_at(std::max(next, now + kPace));
  }

  void come(int load, std::uint64_t number, Nanos due, Nanos now) {
    User& user = take_user();
    const int population = population_of(scenario, load, number);
    const bool keep = load_of(load).is_open && !load_of(load).fresh_connections;
    ++present_;
    user.present = true;
    IterationCounts& counts = recorder.tally().flow.iterations;
    Visit visit;
    if (const auto found = returning_.find({load, number}); found != returning_.end()) {
      visit = found->second;
      returning_.erase(found);
    }
    if (!user.enter(scenario.populations[static_cast<std::size_t>(population)], number, visit,
                    keep)) {
      ++counts.scheduled;
      ++counts.missed;
      return user.leave();
    }
    begin_iteration(user, visit.first_iteration, due, now);
  }

  void begin_iteration(User& user, std::uint64_t iteration, Nanos due, Nanos now) {
    recorder.advance(now);
    IterationCounts& counts = recorder.tally().flow.iterations;
    ++counts.scheduled;
    if (user.begin(iteration, due, now)) return;
    ++counts.missed;
    user.leave();
  }

  User& take_user() {
    if (idle_.empty()) return users_.emplace_back(static_cast<Crowd&>(*this));
    User& user = *idle_.back();
    idle_.pop_back();
    return user;
  }

  // --- What users ask for ---

  void sleep(User& user, Nanos instant) override {
    if (phase_ == Phase::kDraining && instant > drain_until_) {
      return user.abandon(core::monotonic_now());
    }
    wakes_.push({.at = instant, .user = &user});
    set_pacer(core::monotonic_now());
  }

  void watch(User& user, Deadlines& list, Nanos instant) override {
    list.add(user, instant);
    const Nanos set = deadline_timer_.instant();
    if (set == 0 || set > instant) deadline_timer_.expire_at(instant);
  }

  void on_iteration_end(User& user, IterationEnd end, Nanos now) override {
    if (phase_ >= Phase::kLeaving) return;
    if (phase_ == Phase::kDraining || !goes_on(user, now)) return user.leave();
    const bool rests = end == IterationEnd::kBroken || !user.has_waited();
    if (!rests) return begin_next(user, now, now);
    wakes_.push({.at = now + kRest, .user = &user, .next = true});
    set_pacer(now);
  }

  void begin_next(User& user, Nanos due, Nanos now) {
    if (phase_ != Phase::kRunning || !goes_on(user, now)) return user.leave();
    begin_iteration(user, user.iteration() + 1, due, now);
  }

  /// Whether a user has another iteration before it.
  bool goes_on(const User& user, Nanos now) const {
    const Load& load = load_of(user.population().load);
    if (load.is_open || now - begin_ >= load.length()) return false;
    if (load.iterations && user.iteration() + 1 >= *load.iterations) return false;
    const auto presence = Profile(load).presence(user.number(), now - begin_);
    return presence && presence->from <= now - begin_;
  }

  void on_left(User& user) override {
    if (setting.keeps_values) last_values_ = user.values();
    idle_.push_back(&user);
    user.present = false;
    --present_;
    const int load = user.population().load;
    const Nanos now = core::monotonic_now();
    if (phase_ == Phase::kRunning) {
      if (load_of(load).is_open) {
        Gate& gate = gate_of(load);
        if (gate.free++ == 0) gate.free_since = now;
        set_pacer(now);
      } else {
        come_back(user, now);
        set_pacer(now);
      }
    }
    finish_if_idle(now);
  }

  /// Has a user of a closed load come again where its stages say so.
  void come_back(const User& user, Nanos now) {
    const Load& load = load_of(user.population().load);
    if (load.iterations) return;
    Nanos since = now - begin_;
    // One that is still to be there has left for want of data: not before it is called again.
    const auto presence = Profile(load).presence(user.number(), since);
    if (presence && presence->from <= since) since = presence->until;
    returning_[{user.population().load, user.number()}] = {.number = user.visit().number + 1,
                                                           .first_iteration = user.iteration() + 1};
    schedule(user.population().load, user.number(), since);
  }

  StepTally& tally_of(int load, int step, Nanos due) override {
    const int stage = clocks_[static_cast<std::size_t>(load)].at(due - begin_);
    return recorder.tally().flow.steps.at(cell(scenario, stage, step));
  }

  void expire() {
    const Nanos now = core::monotonic_now();
    Nanos first = INT64_MAX;
    const auto look = [&](Deadlines& list) {
      while (phase_ != Phase::kDone && !list.empty() && list.front().deadline <= now) {
        static_cast<User&>(list.front()).on_deadline(now);
      }
      if (!list.empty()) first = std::min(first, list.front().deadline);
    };
    recorder.advance(now);
    for (Deadlines& list : by_step) look(list);
    look(leaving);
    if (first < INT64_MAX && phase_ != Phase::kDone) deadline_timer_.expire_at(first);
  }

  void on_beat(Nanos now) {
    recorder.traffic(traffic.bytes_in, traffic.bytes_out);
    recorder.advance(now);
    worker_.in_flight_shown_ = present_;
  }

  // --- The end: iterations come to theirs, then everybody says goodbye ---

  void on_end() {
    const Nanos now = core::monotonic_now();
    if (!begun_) return start(now);
    if (phase_ == Phase::kRunning) return drain(now);
    if (phase_ == Phase::kDraining) return abandon_all(now);
    finish(now);
  }

  void drain(Nanos now) {
    phase_ = Phase::kDraining;
    for (Gate& gate : gates_) {
      if (!gate.arrivals) continue;
      const std::uint64_t due = gate.arrivals->before(now - begin_);
      gate.scheduled = std::max(gate.begun, std::min(gate.scheduled, due));
    }
    drain_until_ = now + scenario.drain;
    end_timer_.expire_at(drain_until_);
    // Who sleeps beyond that will not wake any more.
    std::vector<Wake> kept;
    std::vector<User*> asleep;
    for (; !wakes_.empty(); wakes_.pop()) {
      const Wake& wake = wakes_.top();
      if (wake.user == nullptr) continue;
      if (wake.next || wake.at <= drain_until_) {
        kept.push_back(wake);
      } else {
        asleep.push_back(wake.user);
      }
    }
    for (const Wake& wake : kept) wakes_.push(wake);
    coming_ = 0;
    for (User* user : asleep) user->abandon(now);
    finish_if_idle(now);
  }

  void abandon_all(Nanos now) {
    recorder.advance(now);
    phase_ = Phase::kLeaving;
    wakes_ = {};
    end_timer_.expire_at(now + kGoodbye);
    for (User& user : users_) {
      user.abandon(now);
      if (user.present) user.leave();
    }
    finish_if_idle(now);
  }

  void finish_if_idle(Nanos now) {
    if (!begun_ || phase_ == Phase::kDone || present_ > 0) return;
    if (phase_ == Phase::kRunning) {
      const bool more = std::any_of(gates_.begin(), gates_.end(), [](const Gate& gate) {
        return gate.arrivals && gate.begun < gate.scheduled;
      });
      if (more || coming_ > 0) return;
    }
    finish(now);
  }

  void finish(Nanos now) {
    if (finished_) return;
    finished_ = true;
    phase_ = Phase::kDone;
    if (begun_) {
      recorder.advance(now);
      IterationCounts& counts = recorder.tally().flow.iterations;
      for (const Gate& gate : gates_) {
        const std::uint64_t missed = gate.scheduled - gate.begun;
        counts.scheduled += missed;
        counts.missed += missed;
      }
      pulse_.end(begin_, now);
    }
    for (User& user : users_) user.drop();
    recorder.traffic(traffic.bytes_in, traffic.bytes_out);
    worker_.end(now);
    loop.stop();
  }

  FlowWorker& worker_;
  const Shard ours_;
  std::vector<StageClock> clocks_;  // by load
  std::vector<Gate> gates_;         // by load
  std::deque<User> users_;
  std::vector<User*> idle_;
  std::map<std::pair<int, std::uint64_t>, Visit> returning_;  // by load and user
  std::priority_queue<Wake, std::vector<Wake>, std::greater<>> wakes_;
  net::Timer pacer_;
  net::Timer deadline_timer_;
  net::Timer end_timer_;
  Pulse pulse_;

  Phase phase_ = Phase::kRunning;
  bool begun_ = false;
  bool finished_ = false;
  std::int64_t present_ = 0;  // users who have come and not left
  std::uint64_t coming_ = 0;  // users of closed loads who are still to come
  Nanos length_ = 0;
  Nanos begin_ = 0;
  Nanos drain_until_ = 0;
  Values last_values_;
};

FlowWorker::FlowWorker(const FlowSetting& setting, int index)
    : engine_(std::make_unique<Engine>(*this, setting, index)) {}
FlowWorker::~FlowWorker() = default;

void FlowWorker::run() { engine_->run(); }
void FlowWorker::begin(core::Nanos instant) {
  engine_->loop.post([this, instant] { engine_->begin(instant); });
}
void FlowWorker::stop() {
  engine_->loop.post([this] { engine_->stop(); });
}
const Values& FlowWorker::last_values() const { return engine_->last_values(); }

}  // namespace scalectl::load::scenario
