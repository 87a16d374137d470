#include "load/scenario/slice.hpp"

#include <algorithm>
#include <cmath>

namespace scalectl::load::scenario {
namespace {

using core::Nanos;

void collect_http(const Flow& flow, std::vector<int>& steps) {
  for (const Step& step : flow) {
    if (std::holds_alternative<HttpStep>(step.action)) steps.push_back(step.id);
    if (const auto* loop = std::get_if<LoopStep>(&step.action)) collect_http(loop->body, steps);
    if (const auto* choose = std::get_if<ChooseStep>(&step.action)) {
      for (const auto& branch : choose->branches) collect_http(branch.flow, steps);
    }
  }
}

std::int64_t whole_seconds(Nanos length) { return (length + core::kSecond - 1) / core::kSecond; }

/// What a threshold can ask of steps.
class StepMeasurement : public Measurement {
 public:
  StepMeasurement(const StepTally& tally, double length_s) : tally_(tally), length_s_(length_s) {}

  std::optional<double> value(const Threshold& threshold) const override {
    const std::string_view name = threshold.metric->name;
    if (name == "response") return aggregate_of(threshold, tally_.response);
    if (tally_.started == 0) return std::nullopt;
    const auto real = [](std::uint64_t count) { return static_cast<double>(count); };
    if (name == "requests" || name == "sent") return real(tally_.started);
    if (name == "ok") return real(tally_.ok);
    if (name == "errors") return real(tally_.errors());
    if (name == "http_error") return real(tally_.failed);
    if (name == "transport_error") return real(tally_.broken);
    if (name == "timeout") return real(tally_.timeout);
    if (name == "unfinished") return real(tally_.unfinished);
    if (name == "error_rate") return real(tally_.errors()) / real(tally_.started);
    if (name == "throughput" && length_s_ > 0) return real(tally_.ok + tally_.failed) / length_s_;
    return std::nullopt;
  }

 private:
  const StepTally& tally_;
  double length_s_;
};

}  // namespace

bool is_known_by_step(const Metric& metric) {
  static constexpr std::string_view kNames[] = {
      "response",   "requests",        "sent",       "ok",        "errors", "http_error", "timeout",
      "unfinished", "transport_error", "throughput", "error_rate"};
  return std::find(std::begin(kNames), std::end(kNames), metric.name) != std::end(kNames);
}

Seconds seconds_of(const Scenario& scenario, int stage) {
  Seconds seconds{INT64_MAX, 0};
  const std::string& name = scenario.stage_names[static_cast<std::size_t>(stage)];
  for (const Load& load : scenario.loads) {
    Nanos begin = 0;
    for (const LoadStage& each : load.stages) {
      if (each.name == name) {
        seconds.first = std::min(seconds.first, begin / core::kSecond);
        seconds.end = std::max(seconds.end, whole_seconds(begin + each.length()));
      }
      begin += each.length();
    }
  }
  return seconds;
}

std::size_t cell(const Scenario& scenario, int stage, int step) {
  return static_cast<std::size_t>(stage) * scenario.steps.size() + static_cast<std::size_t>(step);
}

StepTally tally_of_step(const Scenario& scenario, const FlowTally& flow, int step) {
  StepTally sum;
  for (int stage = 0; stage < static_cast<int>(scenario.stage_names.size()); ++stage) {
    if (const auto* part = flow.steps.find(cell(scenario, stage, step))) sum.merge(*part);
  }
  return sum;
}

StepTally tally_of_stage(const Scenario& scenario, const FlowTally& flow, int stage) {
  StepTally sum;
  for (int step = 0; step < static_cast<int>(scenario.steps.size()); ++step) {
    if (const auto* part = flow.steps.find(cell(scenario, stage, step))) sum.merge(*part);
  }
  return sum;
}

std::vector<int> http_steps(const Scenario& scenario) {
  std::vector<int> steps;
  for (const Population& population : scenario.populations) collect_http(population.flow, steps);
  std::sort(steps.begin(), steps.end());
  steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
  return steps;
}

Slice::Slice(const Scenario& scenario, const ScenarioThreshold& threshold) : held_(threshold) {
  const bool is_named = threshold.step || threshold.tag;
  const bool knows = is_known_by_step(*threshold.threshold.metric);
  by_cells_ = is_named || (threshold.stage && knows);
  if (threshold.stage) seconds_ = seconds_of(scenario, *threshold.stage);
  const std::int64_t base = threshold.stage ? seconds_.first : 0;
  if (threshold.to) seconds_.end = std::min(seconds_.end, base + whole_seconds(*threshold.to));
  if (threshold.from) seconds_.first = base + *threshold.from / core::kSecond;
  if (threshold.window) window_s_ = std::max<std::int64_t>(1, whole_seconds(*threshold.window));
  by_seconds_ = threshold.from || threshold.to || threshold.window || (threshold.stage && !knows);
  window_ = seconds_.first;
  if (!by_cells_) {
    if (by_seconds_) all_ = std::make_unique<Tally>();
    return;
  }
  std::vector<int> steps;
  if (threshold.step) steps.push_back(*threshold.step);
  for (int i = 0; threshold.tag && i < static_cast<int>(scenario.steps.size()); ++i) {
    const StepInfo& step = scenario.steps[static_cast<std::size_t>(i)];
    const bool tagged =
        std::find(step.tags.begin(), step.tags.end(), *threshold.tag) != step.tags.end();
    if (step.timed && tagged && !threshold.step) steps.push_back(i);
  }
  if (!is_named) steps = http_steps(scenario);
  for (int stage = 0; stage < static_cast<int>(scenario.stage_names.size()); ++stage) {
    if (threshold.stage && stage != *threshold.stage) continue;
    for (const int step : steps) cells_.push_back(cell(scenario, stage, step));
  }
}

void Slice::take(std::int64_t second, const Tally& tally) {
  if (!by_seconds_ || second < seconds_.first || second >= seconds_.end) return;
  while (window_s_ > 0 && second >= window_ + window_s_) close_window();
  add(tally);
}

void Slice::add(const Tally& tally) {
  if (all_) return all_->merge(tally);
  for (const std::size_t number : cells_) {
    if (const StepTally* steps = tally.flow.steps.find(number)) steps_.merge(*steps);
  }
}

void Slice::close_window() {
  judge(measure(static_cast<double>(window_s_), 0));
  steps_.clear();
  if (all_) all_->clear();
  window_ += window_s_;
}

std::optional<double> Slice::measure(double length_s, double cpu_ratio) const {
  if (by_cells_) return StepMeasurement(steps_, length_s).value(held_.threshold);
  return OutcomeMeasurement(*all_, length_s, cpu_ratio).value(held_.threshold);
}

/// Keeps the worst of what was observed: no data is worse than any.
void Slice::judge(std::optional<double> observed) {
  struct One : Measurement {
    std::optional<double> its;
    std::optional<double> value(const Threshold&) const override { return its; }
  } one;
  one.its = observed;
  const bool passes = evaluate(held_.threshold, one).passed;
  const bool from_above = held_.threshold.comparison == Comparison::kLess ||
                          held_.threshold.comparison == Comparison::kLessOrEqual;
  const bool worse = !judged_ || (passed_ && !passes) ||
                     (passed_ == passes && observed && worst_ &&
                      (from_above ? *observed > *worst_ : *observed < *worst_));
  if (worse) worst_ = observed;
  passed_ = (judged_ ? passed_ : true) && passes;
  judged_ = true;
}

core::Check Slice::finish(const Tally& whole, double elapsed_s, double cpu_ratio) {
  const double end_s = std::min(elapsed_s, static_cast<double>(seconds_.end));
  if (!by_seconds_) {
    if (by_cells_) {
      add(whole);
      const double first_s = static_cast<double>(seconds_.first);
      judge(measure(std::max(0.0, end_s - first_s), cpu_ratio));
    } else {
      judge(OutcomeMeasurement(whole, elapsed_s, cpu_ratio).value(held_.threshold));
    }
  } else if (window_s_ > 0) {
    while (static_cast<double>(window_ + window_s_) <= end_s) close_window();
    if (!judged_) judge(std::nullopt);
  } else {
    judge(measure(std::max(0.0, end_s - static_cast<double>(seconds_.first)), cpu_ratio));
  }
  return {.name = held_.text,
          .observed = worst_ ? format_value(held_.threshold.metric->kind, *worst_) : "no data",
          .passed = passed_};
}

}  // namespace scalectl::load::scenario
