#include "tick/every.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/histogram.hpp"
#include "core/monotonic.hpp"
#include "core/rng.hpp"
#include "core/stopwatch.hpp"
#include "core/text.hpp"
#include "tick/slot.hpp"

namespace scalectl::tick {
namespace {

using core::Error;
using core::ErrorKind;
using core::Seconds;
using core::usage_error;
using core::Verdict;

constexpr Seconds kShortestWindow{0.01};
/// The longest wait without a look at the database's clock, which somebody may set.
constexpr Seconds kLook{60};
constexpr Seconds kFirstPause{1};
constexpr Seconds kLongestPause{30};

/// What the runs add up to. runs = worked + already_done + held + failed.
struct Sums {
  std::int64_t runs = 0;
  std::int64_t worked = 0;
  std::int64_t already_done = 0;
  std::int64_t held = 0;
  std::int64_t failed = 0;
  std::int64_t slow = 0;  ///< of those that worked
  std::int64_t overruns = 0;
  std::int64_t windows_missed = 0;
  std::int64_t unreachable = 0;  // looks at the clock, or attempts to connect, that failed
  std::int64_t reconnects = 0;
  std::int64_t rows = 0;
  core::Histogram elapsed;  ///< of those that worked, in nanoseconds
  std::string last = "none yet";
};

std::string_view word_for(Missed missed) {
  switch (missed) {
    case Missed::kDropped:
      return "none";
    case Missed::kLast:
      return "last";
    case Missed::kAll:
      return "all";
  }
  return "";
}

class Loop {
 public:
  Loop(const EveryOptions& options, const EveryPort& port, core::Observer& observer)
      : options_(options), port_(port), observer_(observer) {}

  Ended run() {
    while (const std::optional<double> now = clock()) {
      const double due = plan(*now);
      if (*now < due) {
        if (!wait(std::min(Seconds(due - *now), kLook))) break;
      } else if (!work()) {
        break;
      }
    }
    const bool lost = broken_ && planned_;
    if (lost) sums_.windows_missed += windows_since_the_last_look();
    Ended ended{.result = summary(), .failure = failure(lost)};
    if (lost && !gave_up_)
      ended.result.notes.push_back("the server was not to be reached at the end: " + last_error_);
    if (!ended.failure.empty()) {
      ended.result.verdict = Verdict::kFail;
      ended.result.notes.push_back(ended.failure);
    }
    return ended;
  }

 private:
  /// True where runs were tried, and neither this loop nor another one has worked a window.
  bool nothing_came_of_it(bool lost) const {
    return (sums_.failed > 0 || lost) && sums_.worked + sums_.already_done == 0;
  }

  /// Why the whole has failed; "" where it has not.
  std::string failure(bool lost) const {
    if (gave_up_) {
      return fmt::format("gave up after {} failures in a row: {}", failures_, last_error_);
    }
    if (nothing_came_of_it(lost)) return "no run worked: " + last_error_;
    return last_failed_ ? "the last run failed: " + last_error_ : "";
  }

  std::int64_t window_at(double now) const {
    return static_cast<std::int64_t>(std::floor(now / options_.every.count()));
  }
  double due(std::int64_t window) const {
    return static_cast<double>(window) * options_.every.count() + jitter_of(options_, window);
  }

  /// The time, by a connection that is made again where it broke; nothing where this is the end.
  std::optional<double> clock() {
    for (;;) {
      if (over()) return std::nullopt;
      try {
        if (broken_) {
          port_.connect();
          ++sums_.reconnects;
          observer_.info("Connected again");
          broken_ = false;
        }
        const double now = port_.database_now();
        if (now < last_now_ - 1) {
          observer_.warn(
              fmt::format("the database's clock went back by {}; no window is worked again",
                          core::format_duration(Seconds(std::round(last_now_ - now)))));
        }
        last_now_ = now;
        last_look_ = port_.elapsed();
        return now;
      } catch (const Error& error) {
        broken_ = true;
        ++sums_.unreachable;
        if (!fail(error) || !pause()) return std::nullopt;
      }
    }
  }

  /// Windows that have begun unworked while nobody could ask the clock, by this machine's own.
  std::int64_t windows_since_the_last_look() const {
    const double now = last_now_ + (port_.elapsed() - last_look_).count();
    const std::int64_t current = window_at(now);
    return std::max<std::int64_t>(0, current - *planned_ + (now >= due(current) ? 1 : 0));
  }

  /// Chooses the window to work next, where that is not done yet or it went by; when it is due.
  double plan(double now) {
    const std::int64_t current = window_at(now);
    if (!planned_) {
      planned_ = options_.missed == Missed::kDropped ? current + 1 : current;
    } else if (current > *planned_) {
      skip_to(options_.missed == Missed::kDropped && now > due(current) ? current + 1 : current);
    } else if (fresh_ && current == *planned_ && options_.missed == Missed::kDropped &&
               now > due(current)) {
      skip_to(current + 1);  // the run before it lasted into it
    }
    fresh_ = false;
    return due(*planned_);
  }

  void skip_to(std::int64_t window) {
    const std::int64_t missed = window - *planned_;
    planned_ = window;
    if (options_.missed == Missed::kAll || missed == 0) return;  // the run works them all
    sums_.windows_missed += missed;
    observer_.warn(fmt::format("{} window{} went by unworked", missed, missed == 1 ? "" : "s"));
  }

  /// One run in the planned window; false where this is the end.
  bool work() {
    ++sums_.runs;
    const Seconds began = port_.elapsed();
    bool again = false;
    try {
      count(port_.run_once());
      failures_ = 0;
      last_failed_ = false;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kInterrupted) {  // while it waited for its turn
        --sums_.runs;
        return false;
      }
      ++sums_.failed;
      last_failed_ = true;
      sums_.last = "failed";
      broken_ = error.kind() == ErrorKind::kConnection;
      again = error.kind() != ErrorKind::kUsage;
      if (!fail(error)) {
        tell();
        return false;
      }
    }
    look_at_overrun(port_.elapsed() - began);
    tell();
    if (again) return pause();
    ++*planned_;
    fresh_ = true;
    return true;
  }

  void count(const core::Result& result) {
    const core::Value* found = result.metrics.find("slot_state");
    const std::string* text = found == nullptr ? nullptr : found->if_text();
    const std::string state = text == nullptr ? "worked" : *text;
    if (state == "already_done" || state == "held") {
      ++(state == "held" ? sums_.held : sums_.already_done);
      sums_.last = state == "held" ? "held by another" : "already done";
      in_the_way_ = result.verdict == Verdict::kPass ? "" : result.notes.back();
      return;
    }
    ++sums_.worked;
    in_the_way_.clear();
    sums_.elapsed.record(static_cast<std::int64_t>(result.elapsed_s * 1e9));
    const core::Value* rows = result.metrics.find("rows");
    const std::int64_t its_rows =
        rows != nullptr && rows->if_integer() != nullptr ? *rows->if_integer() : 0;
    sums_.rows += its_rows;
    if (result.verdict != Verdict::kPass) ++sums_.slow;
    if (result.verdict == Verdict::kFail) verdict_ = Verdict::kFail;
    sums_.last = fmt::format("{} rows in {:.2f} s", core::grouped(its_rows), result.elapsed_s);
  }

  void look_at_overrun(Seconds took) {
    if (took <= options_.every) return;
    ++sums_.overruns;
    observer_.warn(fmt::format("the run took {}, longer than its window of {}",
                               core::format_duration(Seconds(std::round(took.count() * 100) / 100)),
                               core::format_duration(options_.every)));
  }

  /// Counts and logs a failure; false where it is one too many.
  bool fail(const Error& error) {
    ++failures_;
    last_error_ = error.message();
    observer_.log(core::LogLevel::kError, error.what());
    gave_up_ = options_.max_failures && failures_ >= *options_.max_failures;
    return !gave_up_;
  }

  /// Waits the longer the more failures there were, and no longer than a window.
  bool pause() {
    const double doubled =
        kFirstPause.count() * std::pow(2.0, std::min<std::int64_t>(failures_, 6) - 1);
    return wait(std::min({Seconds(doubled), kLongestPause, options_.every}));
  }

  /// False where a stop is requested.
  bool wait(Seconds length) {
    if (options_.duration) length = std::min(length, *options_.duration - port_.elapsed());
    return port_.wait(std::max(length, Seconds(0)));
  }
  bool over() {
    return (options_.duration && port_.elapsed() >= *options_.duration) || !wait(Seconds(0));
  }

  void tell() {
    port_.after_run(summary(),
                    fmt::format("{} run{}: {} worked, {} already done, {} held, {} failed; "
                                "last: {}",
                                sums_.runs, sums_.runs == 1 ? "" : "s", sums_.worked,
                                sums_.already_done, sums_.held, sums_.failed, sums_.last));
  }

  core::Result summary() const {
    core::Result result{.command = "tick every", .name = options_.name};
    watch_.stamp(result);
    result.verdict = verdict_;
    const bool trouble =
        !in_the_way_.empty() ||
        sums_.failed + sums_.slow + sums_.overruns + sums_.windows_missed + sums_.unreachable > 0;
    if (trouble && verdict_ == Verdict::kPass) result.verdict = Verdict::kWarn;
    if (last_failed_ || nothing_came_of_it(false)) result.verdict = Verdict::kFail;
    result.params = core::Object{{"every_s", options_.every.count()},
                                 {"jitter_s", options_.jitter.count()},
                                 {"catch_up", std::string(word_for(options_.missed))}};
    if (!in_the_way_.empty()) result.notes.push_back(in_the_way_);
    if (options_.duration) result.params.set("duration_s", options_.duration->count());
    const auto seconds = [&](double quantile) {
      return sums_.elapsed.empty()
                 ? core::Value()
                 : core::Value(core::to_seconds(sums_.elapsed.quantile(quantile)));
    };
    result.metrics.set("runs", sums_.runs)
        .set("worked", sums_.worked)
        .set("already_done", sums_.already_done)
        .set("held", sums_.held)
        .set("failed", sums_.failed)
        .set("slow", sums_.slow)
        .set("overruns", sums_.overruns)
        .set("windows_missed", sums_.windows_missed)
        .set("unreachable", sums_.unreachable)
        .set("reconnects", sums_.reconnects)
        .set("rows", sums_.rows)
        .set("elapsed_p50_s", seconds(0.5))
        .set("elapsed_p95_s", seconds(0.95))
        .set("elapsed_max_s", seconds(1));
    return result;
  }

  const EveryOptions& options_;
  const EveryPort& port_;
  core::Observer& observer_;
  const core::Stopwatch watch_;
  Sums sums_;
  Verdict verdict_ = Verdict::kPass;
  std::optional<std::int64_t> planned_;  // the window to work next
  bool fresh_ = false;                   // it has just been planned
  double last_now_ = 0;
  Seconds last_look_{0};  // when that was, by our own clock
  bool broken_ = false;
  std::int64_t failures_ = 0;  // in a row
  std::string last_error_;
  bool gave_up_ = false;
  bool last_failed_ = false;  // the last run
  std::string in_the_way_;    // what the last one said of a window that keeps it from its own
};

}  // namespace

double jitter_of(const EveryOptions& options, std::int64_t window) {
  if (options.jitter.count() <= 0) return 0;
  constexpr std::uint64_t kStream = 1;
  return core::Rng(options.seed, kStream, static_cast<std::uint64_t>(window)).unit() *
         options.jitter.count();
}

void check(const EveryOptions& options) {
  if (options.every < kShortestWindow) {
    throw usage_error(fmt::format("--every {} is too short", core::format_duration(options.every)),
                      "give at least 10ms, for example --every 5m");
  }
  try {
    static_cast<void>(Window(options.every));
  } catch (const Error& error) {
    throw usage_error(
        fmt::format("--every {} is no length of windows", core::format_duration(options.every)),
        error.hint());
  }
  if (options.jitter > options.every) {
    throw usage_error(
        fmt::format("--jitter {} is longer than the window of {}",
                    core::format_duration(options.jitter), core::format_duration(options.every)),
        "a run must begin in its own window");
  }
  if (options.duration && options.duration->count() <= 0) {
    throw usage_error("--for must be more than zero", "for example --for 1h");
  }
  if (options.max_failures && *options.max_failures < 1) {
    throw usage_error(fmt::format("--max-failures {} is not possible", *options.max_failures),
                      "give 1 or more, or leave it out to go on whatever fails");
  }
}

Ended run_every(const EveryOptions& options, const EveryPort& port, core::Observer& observer) {
  check(options);
  return Loop(options, port, observer).run();
}

}  // namespace scalectl::tick
