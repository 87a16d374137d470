#include "load/step_tally.hpp"

#include <algorithm>

namespace scalectl::load {

void StepCounts::add(const StepCounts& other) {
  started += other.started;
  ok += other.ok;
  failed += other.failed;
  broken += other.broken;
  timeout += other.timeout;
  unfinished += other.unfinished;
}

void StepTally::merge(const StepTally& other) {
  add(other);
  response.merge(other.response);
}

void StepTally::clear() {
  static_cast<StepCounts&>(*this) = {};
  response.clear();
}

StepCounts StepTallies::totals() const {
  StepCounts sum;
  for (const auto& tally : tallies_) {
    if (tally) sum.add(*tally);
  }
  return sum;
}

void StepTallies::merge(const StepTallies& other) {
  for (std::size_t i = 0; i < other.tallies_.size(); ++i) {
    if (const StepTally* tally = other.find(i); tally != nullptr && tally->started > 0) {
      at(i).merge(*tally);
    }
  }
}

void StepTallies::clear() {
  for (auto& tally : tallies_) {
    if (tally) tally->clear();
  }
}

void IterationCounts::add(const IterationCounts& other) {
  scheduled += other.scheduled;
  missed += other.missed;
  started += other.started;
  ok += other.ok;
  failed += other.failed;
  unfinished += other.unfinished;
  messages_sent += other.messages_sent;
  late_paces += other.late_paces;
  messages_dropped += other.messages_dropped;
}

void FlowTally::merge(const FlowTally& other) {
  iterations.add(other.iterations);
  steps.merge(other.steps);
  checks.resize(std::max(checks.size(), other.checks.size()));
  for (std::size_t i = 0; i < other.checks.size(); ++i) {
    checks[i].passed += other.checks[i].passed;
    checks[i].failed += other.checks[i].failed;
  }
  for (const auto& [reason, count] : other.reasons) count_reason(reason, count);
}

void FlowTally::clear() {
  iterations = {};
  steps.clear();
  checks.clear();
  reasons.clear();
}

}  // namespace scalectl::load
