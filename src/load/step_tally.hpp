// StepTally: what a scenario counts and measures of one of its steps in one of its stages.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/histogram.hpp"

namespace scalectl::load {

/// How a step ended.
enum class StepOutcome {
  kOk,
  kFailed,  ///< answered, but otherwise than expected
  kBroken,  ///< no answer: refused, reset, closed
  kTimeout,
  kUnfinished,  ///< under way when the run ended
};

/// Of every finished run: started = ok + failed + broken + timeout + unfinished.
struct StepCounts {
  std::uint64_t started = 0;
  std::uint64_t ok = 0;
  std::uint64_t failed = 0;
  std::uint64_t broken = 0;
  std::uint64_t timeout = 0;
  std::uint64_t unfinished = 0;

  void add(const StepCounts& other);
  std::uint64_t errors() const { return failed + broken + timeout; }
};

/// response.count() = started - broken.
struct StepTally : StepCounts {
  /// Nanoseconds from the instant it was due; the age of what never ended.
  core::Histogram response;

  void end(StepOutcome outcome, std::int64_t latency) {
    ++started;
    switch (outcome) {
      case StepOutcome::kOk:
        ++ok;
        break;
      case StepOutcome::kFailed:
        ++failed;
        break;
      case StepOutcome::kBroken:
        ++broken;
        return;
      case StepOutcome::kTimeout:
        ++timeout;
        break;
      case StepOutcome::kUnfinished:
        ++unfinished;
        break;
    }
    response.record(latency);
  }
  void merge(const StepTally& other);
  void clear();
};

/// Step tallies by number; those that nobody asked for take no memory.
class StepTallies {
 public:
  StepTally& at(std::size_t number) {
    if (number >= tallies_.size()) tallies_.resize(number + 1);
    if (!tallies_[number]) tallies_[number].emplace();
    return *tallies_[number];
  }
  /// Null where there is none.
  const StepTally* find(std::size_t number) const {
    return number < tallies_.size() && tallies_[number] ? &*tallies_[number] : nullptr;
  }
  /// Of all of them.
  StepCounts totals() const;
  void merge(const StepTallies& other);
  void clear();

 private:
  std::vector<std::optional<StepTally>> tallies_;
};

/// Counts of a scenario's flows. Of every finished run:
///   scheduled = started + missed
///   started = ok + failed + unfinished
struct IterationCounts {
  std::uint64_t scheduled = 0;
  std::uint64_t missed = 0;  ///< no user was free, or no row of a feeder was left
  std::uint64_t started = 0;
  std::uint64_t ok = 0;
  std::uint64_t failed = 0;      ///< ended by a step that failed
  std::uint64_t unfinished = 0;  ///< under way when the run ended
  std::uint64_t messages_sent = 0;
  std::uint64_t late_paces = 0;        ///< the iteration took longer than its pace
  std::uint64_t messages_dropped = 0;  ///< unread, because too many of them waited

  void add(const IterationCounts& other);
};

struct CheckCount {
  std::uint64_t passed = 0;
  std::uint64_t failed = 0;
};

/// What a scenario counts beside what every load does.
struct FlowTally {
  IterationCounts iterations;
  StepTallies steps;
  std::vector<CheckCount> checks;                ///< by Check::id
  std::map<std::string, std::uint64_t> reasons;  ///< why iterations failed; the first kMaxReasons

  static constexpr std::size_t kMaxReasons = 50;

  void count_check(std::size_t id, bool passed) {
    if (id >= checks.size()) checks.resize(id + 1);
    ++(passed ? checks[id].passed : checks[id].failed);
  }
  std::uint64_t failed_checks() const {
    std::uint64_t sum = 0;
    for (const CheckCount& check : checks) sum += check.failed;
    return sum;
  }
  void count_reason(const std::string& reason, std::uint64_t count = 1) {
    const auto entry = reasons.find(reason);
    if (entry != reasons.end()) {
      entry->second += count;
    } else if (reasons.size() < kMaxReasons) {
      reasons.emplace(reason, count);
    }
  }
  void merge(const FlowTally& other);
  void clear();
};

}  // namespace scalectl::load
