// Running a load plan.
#pragma once

#include <stop_token>

#include "core/observer.hpp"
#include "load/drive.hpp"
#include "load/outcome.hpp"
#include "load/plan.hpp"

namespace scalectl::load {

/// Drives the load and returns when it is over. A stop request ends it early: what is in flight may
/// still be answered, and the Outcome says so. Throws Error: usage for a plan that cannot be,
/// connection where the server cannot be reached before anything was sent.
Outcome run(const HttpPlan& plan, const std::stop_token& stop, core::Observer& observer,
            const SampleSink& samples = nullptr);

}  // namespace scalectl::load
