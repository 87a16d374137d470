// Waiting that a stop request ends.
#pragma once

#include <chrono>
#include <stop_token>

namespace scalectl::core {

/// Waits for `length`, or until a stop is requested; false where one is.
bool wait(const std::stop_token& stop, std::chrono::nanoseconds length);

}  // namespace scalectl::core
