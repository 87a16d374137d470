// Running a load plan over WebSocket.
#pragma once

#include <stop_token>

#include "core/observer.hpp"
#include "core/result.hpp"
#include "load/outcome.hpp"
#include "load/ws_plan.hpp"

namespace scalectl::load {

/// Opens the connections, drives the messages and returns when all is over and accounted for. A
/// stop request ends it early: what is under way may still arrive, the sockets are closed properly,
/// and the Outcome says so. Throws Error: usage for a plan that cannot be, connection where the
/// server cannot be reached before anything was opened.
Outcome run(const WsPlan& plan, const std::stop_token& stop, core::Observer& observer);

/// Fills in verdict, metrics, tables, notes and data; `result` names the command and its
/// parameters. Throws Error (failed) where the counts contradict each other.
void report(const WsPlan& plan, const Outcome& outcome, core::Result& result);

}  // namespace scalectl::load
