#include "load/scenario/user.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace scalectl::load::scenario {
namespace {

using core::Nanos;

/// Steps that take no time are done this many at once; then others have their turn.
constexpr int kStepsAtOnce = 1000;

}  // namespace

User::User(Crowd& crowd)
    : crowd_(crowd),
      http_(crowd, static_cast<UserHttp::Owner&>(*this)),
      socket_(crowd, static_cast<UserSocket::Owner&>(*this)) {}

// --- Beginning ---

bool User::enter(const Population& population, std::uint64_t number, const Visit& visit,
                 bool keep_connections) {
  population_ = &population;
  number_ = number;
  visit_ = visit;
  random_ = core::Rng(stream_seed(), number, visit.first_iteration);
  keeps_connections_ = keep_connections;
  socket_.keep_messages(population.reads_messages);
  values_ = crowd_.setting.values;
  set(crowd_.builtins.user, {std::to_string(number), true});
  set(crowd_.builtins.population, {population.name, false});
  if (!feed(false)) return false;
  for (const auto& [variable, text] : population.variables) {
    Variable value;
    if (!text.evaluate(*this, value)) set(variable, std::move(value));
  }
  entered_ = values_;
  changed_ = false;
  return true;
}

bool User::begin(std::uint64_t iteration, Nanos due, Nanos now) {
  iteration_ = iteration;
  if (iteration > visit_.first_iteration) {
    random_ = core::Rng(stream_seed(), number_, iteration);
  }
  if (changed_) values_ = entered_;
  changed_ = false;
  if (crowd_.builtins.iteration >= 0) {
    set(crowd_.builtins.iteration, {std::to_string(iteration), true});
  }
  if (!feed(true)) return false;
  ++crowd_.recorder.tally().flow.iterations.started;
  frames_.clear();
  frames_.push_back({.flow = &population_->flow});
  due_ = due;
  pace_from_ = due;
  steps_ = 0;
  waited_ = false;
  state_ = State::kRunning;
  go_on(now);
  return true;
}

/// Users of the same number in several loads are not the same.
std::uint64_t User::stream_seed() const {
  return crowd_.setting.seed + static_cast<std::uint64_t>(population_->load);
}

/// Gives the user its rows; false where one is missing.
bool User::feed(bool each_iteration) {
  for (const FeederUse& use : population_->feeders) {
    if (use.each_iteration != each_iteration) continue;
    const FeederData& feeder = crowd_.scenario.feeders[static_cast<std::size_t>(use.feeder)];
    const Load& load = crowd_.scenario.loads[static_cast<std::size_t>(population_->load)];
    const std::uint64_t round = each_iteration ? iteration_ : visit_.number;
    const std::uint64_t draw = number_ + round * load.most_users();
    const auto row = feeder.row(crowd_.setting.seed, draw);
    if (!row) return false;
    for (std::size_t i = 0; i < use.variables.size(); ++i)
      set(use.variables[i], feeder.rows[*row][i]);
  }
  return true;
}

// --- Going through the flow ---

void User::go_on(Nanos now) {
  while (state_ == State::kRunning) {
    if (frames_.empty()) return end(IterationEnd::kOk, now);
    if (!has_next(frames_.back())) {
      frames_.pop_back();
      continue;
    }
    Frame& frame = frames_.back();
    step_ = &(*frame.flow)[frame.next++];
    if (++steps_ > kStepsAtOnce) {
      --frame.next;
      steps_ = 0;
      state_ = State::kSleeping;
      return crowd_.sleep(*this, core::monotonic_now());
    }
    if (!perform(*step_, now)) return;
  }
}

bool User::has_next(Frame& frame) {
  if (frame.next < frame.flow->size()) return true;
  if (frame.loop == nullptr || !begins_round(*frame.loop, frame)) return false;
  ++frame.rounds;
  frame.next = 0;
  return !frame.flow->empty();
}

bool User::begins_round(const LoopStep& loop, const Frame& frame) {
  if (loop.times && frame.rounds >= *loop.times) return false;
  if (loop.length && due_ - frame.begun >= *loop.length) return false;
  return std::all_of(loop.while_true.begin(), loop.while_true.end(),
                     [this](const Check& check) { return check.holds(*this); });
}

void User::wake(Nanos due, Nanos now) {
  due_ = std::max(due, due_);
  steps_ = 0;
  waited_ = true;
  state_ = State::kRunning;
  go_on(now);
}

bool User::perform(const Step& step, Nanos now) {
  return std::visit([&](const auto& action) { return perform(step, action, now); }, step.action);
}

bool User::perform(const Step& /*step*/, const ThinkStep& think, Nanos /*now*/) {
  const Nanos length = think.length(random());
  if (length <= 0) return true;
  state_ = State::kSleeping;
  crowd_.sleep(*this, due_ + length);
  return false;
}

bool User::perform(const Step& /*step*/, const PaceStep& pace, Nanos /*now*/) {
  const Nanos until = pace_from_ + pace.interval;
  if (until <= due_) {
    if (until < due_) ++crowd_.recorder.tally().flow.iterations.late_paces;
    pace_from_ = due_;
    return true;
  }
  pace_from_ = until;
  state_ = State::kSleeping;
  crowd_.sleep(*this, until);
  return false;
}

bool User::perform(const Step& /*step*/, const LoopStep& loop, Nanos /*now*/) {
  // Its first round begins like every other: at the end of the one before.
  frames_.push_back({.flow = &loop.body, .next = loop.body.size(), .loop = &loop, .begun = due_});
  return true;
}

bool User::perform(const Step& /*step*/, const ChooseStep& choose, Nanos /*now*/) {
  const Flow* chosen = nullptr;
  std::uint64_t ticket = choose.weight_sum > 0 ? random() % choose.weight_sum : 0;
  for (const ChooseStep::Branch& branch : choose.branches) {
    const bool taken = choose.weight_sum > 0
                           ? ticket < branch.weight
                           : std::all_of(branch.when.begin(), branch.when.end(),
                                         [this](const Check& check) { return check.holds(*this); });
    if (taken) {
      chosen = &branch.flow;
      break;
    }
    ticket -= std::min(ticket, branch.weight);
  }
  if (chosen != nullptr && !chosen->empty()) frames_.push_back({.flow = chosen});
  return true;
}

bool User::perform(const Step& /*step*/, const SetStep& step, Nanos now) {
  for (const auto& [variable, text] : step.variables) {
    Variable value;
    if (const auto unset = text.evaluate(*this, value)) {
      return fail(StepOutcome::kBroken, crowd_.without_value(*unset), now);
    }
    set(variable, std::move(value));
  }
  return true;
}

bool User::perform(const Step& /*step*/, const CheckStep& check, Nanos /*now*/) {
  run_checks(check.checks);
  return true;
}

// --- How steps end ---

void User::watch(Nanos within) {
  crowd_.watch(*this, crowd_.by_step[static_cast<std::size_t>(step_->id)], due_ + within);
}

void User::record(StepOutcome outcome, Nanos now) {
  crowd_.tally_of(population_->load, step_->id, due_).end(outcome, now - due_);
}

void User::succeed(Nanos now) {
  Deadlines::remove(*this);
  record(StepOutcome::kOk, now);
  due_ = now;
  steps_ = 0;
  state_ = State::kRunning;
}

bool User::fail(StepOutcome outcome, const std::string& why, Nanos now) {
  Deadlines::remove(*this);
  if (crowd_.scenario.steps[static_cast<std::size_t>(step_->id)].timed) record(outcome, now);
  crowd_.recorder.tally().flow.count_reason(
      crowd_.scenario.steps[static_cast<std::size_t>(step_->id)].name + ": " + why);
  due_ = now;
  end(outcome == StepOutcome::kBroken ? IterationEnd::kBroken : IterationEnd::kFailed, now);
  return false;
}

void User::end(IterationEnd end, Nanos now) {
  state_ = State::kIdle;
  IterationCounts& counts = crowd_.recorder.tally().flow.iterations;
  switch (end) {
    case IterationEnd::kOk:
      ++counts.ok;
      break;
    case IterationEnd::kUnfinished:
      ++counts.unfinished;
      break;
    case IterationEnd::kFailed:
    case IterationEnd::kBroken:
      ++counts.failed;
      break;
  }
  crowd_.on_iteration_end(*this, end, now);
}

bool User::run_checks(const std::vector<Check>& checks) {
  bool all = true;
  for (const Check& check : checks) {
    const bool holds = check.holds(*this);
    crowd_.recorder.tally().flow.count_check(static_cast<std::size_t>(check.id), holds);
    all = all && holds;
  }
  return all;
}

/// What is not found is a failed check, and its variable has no value.
void User::extract(const std::vector<Extraction>& extractions, const Received& received) {
  for (const Extraction& extraction : extractions) {
    std::optional<Variable> found = extraction.find(received);
    crowd_.recorder.tally().flow.count_check(static_cast<std::size_t>(extraction.id),
                                             found.has_value());
    changed_ = true;
    values_[static_cast<std::size_t>(extraction.variable)] = std::move(found);
  }
}

void User::set(int variable, Variable value) {
  if (variable < 0) return;
  changed_ = true;
  values_[static_cast<std::size_t>(variable)] = std::move(value);
}

void User::on_deadline(Nanos now) {
  waited_ = true;
  Deadlines::remove(*this);
  switch (state_) {
    case State::kHttp:
      return http_.time_out(now);
    case State::kConnecting:
    case State::kRejoining:
      socket_.drop();
      crowd_.recorder.open_failed();
      fail(StepOutcome::kTimeout, "no upgrade in time", now);
      return;
    case State::kExpecting:
      fail(StepOutcome::kTimeout,
           fmt::format("{} of {} messages in time", heard_,
                       std::get<ExpectStep>(step_->action).count),
           now);
      return;
    case State::kClosing:
      socket_.drop();
      due_ = now;
      state_ = State::kRunning;
      return go_on(now);
    case State::kLeaving:
      socket_.drop();
      state_ = State::kIdle;
      return crowd_.on_left(*this);
    case State::kIdle:
    case State::kRunning:
    case State::kSleeping:
      return;
  }
}

// --- The end of the user ---

void User::abandon(Nanos now) {
  if (state_ == State::kIdle || state_ == State::kLeaving) return;
  Deadlines::remove(*this);
  const bool timed = state_ != State::kSleeping && state_ != State::kClosing;
  if (state_ == State::kHttp) http_.abandon(now);
  if (state_ == State::kConnecting || state_ == State::kRejoining) socket_.drop();
  if (timed) record(StepOutcome::kUnfinished, now);
  end(IterationEnd::kUnfinished, now);
}

void User::leave() {
  if (state_ == State::kLeaving) return;
  http_.reset(keeps_connections_);
  if (!socket_.is_open()) {
    socket_.drop();
    state_ = State::kIdle;
    return crowd_.on_left(*this);
  }
  state_ = State::kLeaving;
  crowd_.watch(*this, crowd_.leaving, core::monotonic_now() + kGoodbye);
  socket_.close(1000, "");
}

void User::drop() {
  Deadlines::remove(*this);
  socket_.drop();
  http_.reset(false);
}

// --- Scope ---

const Variable* User::variable(int number) const {
  const auto& value = values_[static_cast<std::size_t>(number)];
  return value ? &*value : nullptr;
}

std::int64_t User::now() const { return core::monotonic_now() + crowd_.setting.wall_offset; }

std::uint64_t User::sequence() {
  return crowd_.setting.sequence.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace scalectl::load::scenario
