// Tasker's two state machines: which moves are legal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace scalectl::workflow {

/// What has states.
enum class Kind { kTask, kStep };

std::string_view name_of(Kind kind);

/// pending, in_progress, complete, error, cancelled, resolved_manually.
const std::vector<std::string>& states();

/// The states that may follow `state`; none for a final one. Steps: from pending to in_progress,
/// error, cancelled or resolved_manually; from in_progress to complete, error or cancelled; from error
/// to pending (the retry) or resolved_manually. Tasks: the same, and from in_progress back to pending.
std::vector<std::string> next_states(Kind kind, const std::string& state);

}  // namespace scalectl::workflow
