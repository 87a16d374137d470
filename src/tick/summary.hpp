// Summary: what the steps of a run come to, as a Result.
#pragma once

#include <cstdint>
#include <optional>

#include "core/error.hpp"
#include "core/observer.hpp"
#include "core/result.hpp"
#include "tick/definition.hpp"
#include "tick/layout.hpp"
#include "tick/options.hpp"
#include "tick/step.hpp"

namespace scalectl::tick {

/// All the windows of one run.
struct Steps {
  Work work;
  std::optional<Step> last;  ///< that worked; else that did not
  std::int64_t worked = 0;
  std::int64_t missed = 0;
  std::int64_t rows_before = 0;
  double elapsed_s = 0;
  double slowest_s = 0;
  bool resumed = false;
  bool dropped = false;
  bool cut_short = false;  ///< another run has come between two windows

  void add(const Step& step);
};

/// Metrics of all steps.
void set_metrics(core::Result& result, const Steps& steps, const Options& options);

/// A run that found nothing to do: pass, and a note why. A warning where the window that is done is
/// none of this run's: of another length, or in the future; the note then gives the way out.
void report_idle(core::Result& result, const Job& job, const Step& step, core::Observer& observer);

/// A run that worked: band, verdict and notes; logs the tick's own lines.
void report_work(core::Result& result, const Definition& tick, const Steps& steps,
                 const Options& options, core::Observer& observer);

/// How the tables are laid out, and which index keeps the updates from being heap-only.
void report_layout(core::Result& result, const Layout& layout, const Steps& steps);

/// A run that was stopped: inconclusive, with what was done.
void report_stop(core::Result& result, const Steps& steps, const Options& options);

/// `error` with the tick's name, and the windows that were worked before it.
core::Error within(const core::Error& error, const Definition& tick, const Steps& steps);

}  // namespace scalectl::tick
