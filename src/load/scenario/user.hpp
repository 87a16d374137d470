// User: somebody who goes through a flow, step by step.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/rng.hpp"
#include "load/scenario/crowd.hpp"
#include "load/scenario/user_http.hpp"
#include "load/scenario/user_socket.hpp"

namespace scalectl::load::scenario {

/// A user of a closed load may leave and come again, for data that it has not had yet.
struct Visit {
  std::uint64_t number = 0;
  std::uint64_t first_iteration = 0;
};

class User : public Scope, public DeadlineHook, UserHttp::Owner, UserSocket::Owner {
 public:
  explicit User(Crowd& crowd);

  /// Becomes user `number` of `population`, whose first iteration is due at `due`. False where a
  /// feeder has no row left for it.
  bool enter(const Population& population, std::uint64_t number, const Visit& visit,
             bool keep_connections);
  /// Begins iteration `iteration`; false where a feeder has no row left for it.
  bool begin(std::uint64_t iteration, core::Nanos due, core::Nanos now);
  /// The sleep it asked for is over; it was due to end at `due`.
  void wake(core::Nanos due, core::Nanos now);
  /// What it waits for did not happen in time.
  void on_deadline(core::Nanos now);
  /// The run is over: whatever it does is unfinished.
  void abandon(core::Nanos now);
  /// Says goodbye to its servers; Crowd::on_left() tells when that is done, which may be at once.
  void leave();
  /// Ends its connections without a word.
  void drop();

  /// Between its coming and its leaving; for whom it comes to.
  bool present = false;

  const Population& population() const { return *population_; }
  std::uint64_t number() const { return number_; }
  const Visit& visit() const { return visit_; }
  std::uint64_t iteration() const { return iteration_; }
  /// When its last step was over.
  core::Nanos due() const { return due_; }
  /// Whether its iteration took any time.
  bool has_waited() const { return waited_; }
  /// Its variables, for what setup leaves behind.
  const Values& values() const { return values_; }

  // --- Scope ---

  const Variable* variable(int number) const override;
  std::uint64_t random() override { return random_.next(); }
  std::int64_t now() const override;
  std::uint64_t sequence() override;

 private:
  enum class State {
    kIdle,  ///< between iterations
    kRunning,
    kSleeping,
    kHttp,
    kConnecting,
    kExpecting,
    kClosing,    ///< on its own wish
    kRejoining,  ///< leaves one WebSocket for the next
    kLeaving,
  };
  /// A flow that is under way.
  struct Frame {
    const Flow* flow;
    std::size_t next = 0;
    const LoopStep* loop = nullptr;
    std::uint64_t rounds = 0;
    core::Nanos begun = 0;
  };

  void go_on(core::Nanos now);
  /// True where the frame at the top has another step, or another round.
  bool has_next(Frame& frame);
  bool begins_round(const LoopStep& loop, const Frame& frame);
  /// Begins a step; true where it is over already.
  bool perform(const Step& step, core::Nanos now);
  bool perform(const Step& step, const HttpStep& http, core::Nanos now);
  bool perform(const Step& step, const ConnectStep& connect, core::Nanos now);
  bool perform(const Step& step, const SendStep& send, core::Nanos now);
  bool perform(const Step& step, const ExpectStep& expect, core::Nanos now);
  bool perform(const Step& step, const CloseStep& close, core::Nanos now);
  bool perform(const Step& step, const JoinStep& join, core::Nanos now);
  bool perform(const Step& step, const ThinkStep& think, core::Nanos now);
  bool perform(const Step& step, const PaceStep& pace, core::Nanos now);
  bool perform(const Step& step, const LoopStep& loop, core::Nanos now);
  bool perform(const Step& step, const ChooseStep& choose, core::Nanos now);
  bool perform(const Step& step, const SetStep& set, core::Nanos now);
  bool perform(const Step& step, const CheckStep& check, core::Nanos now);

  bool connect(core::Nanos now);
  bool say(const SendStep& send);
  /// Looks through what was heard; true where the step is over.
  bool look(core::Nanos now);
  bool is_wanted(const Heard& heard);

  // --- How steps end ---

  void watch(core::Nanos within);
  void record(StepOutcome outcome, core::Nanos now);
  /// The step is over; goes on with the next.
  void succeed(core::Nanos now);
  /// The step failed, and with it the iteration; returns false.
  bool fail(StepOutcome outcome, const std::string& why, core::Nanos now);
  void end(IterationEnd end, core::Nanos now);
  bool run_checks(const std::vector<Check>& checks);
  void extract(const std::vector<Extraction>& extractions, const Received& received);
  void set(int variable, Variable value);
  bool feed(bool each_iteration);
  std::uint64_t stream_seed() const;

  // --- What its connections tell ---

  void on_answer(const net::HttpResponse& response, core::Nanos now) override;
  void on_no_answer(const net::Failure& failure, core::Nanos now) override;
  void on_connected(core::Nanos now) override;
  void on_not_connected(const net::Failure& failure, core::Nanos now) override;
  void on_heard(core::Nanos now) override;
  void on_closed(const net::WsClose& close, core::Nanos now) override;

  Crowd& crowd_;
  UserHttp http_;
  UserSocket socket_;
  const Population* population_ = nullptr;
  std::uint64_t number_ = 0;
  Visit visit_;
  std::uint64_t iteration_ = 0;
  core::Rng random_{0, 0, 0};
  Values entered_;  // when it began: what an iteration begins with
  Values values_;
  bool changed_ = false;  // since the iteration began
  bool keeps_connections_ = false;

  State state_ = State::kIdle;
  std::vector<Frame> frames_;
  const Step* step_ = nullptr;  // under way
  core::Nanos due_ = 0;         // the instant at which the step was due
  core::Nanos pace_from_ = 0;
  int steps_ = 0;  // done without waiting
  bool waited_ = false;
  int heard_ = 0;  // of an expect: messages that were wanted
  std::string message_;
};

}  // namespace scalectl::load::scenario
