// Waiting for servers: until they answer, end, or somebody presses Ctrl-C.
#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>

#include "process/child.hpp"

namespace scalectl::lab {

/// Calls `done` every few milliseconds until it is true; false if `limit` has passed first. Throws
/// Error (interrupted) on a stop request.
bool wait_until(const std::function<bool()>& done, std::chrono::milliseconds limit,
                const std::stop_token& stop);

/// Runs a helper program to its end. Throws Error (failed) with the last words of its output file
/// if it fails, Error (interrupted) on a stop request; the program has ended in either case.
void run_helper(process::Command command, const std::stop_token& stop);

/// Ends process `pid` (whose command line contains `mark`): `signals` one after another, each with
/// some seconds to take effect. Throws Error (failed) if it outlives them all.
void end_process(pid_t pid, const std::string& mark, const std::vector<int>& signals);

}  // namespace scalectl::lab
