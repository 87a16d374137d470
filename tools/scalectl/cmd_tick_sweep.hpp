// The verb sweep of the command tick.
#pragma once

#include "cli/application.hpp"

namespace scalectl::tool {

class Context;

void declare_tick_sweep(cli::Command& tick, Context& context, const cli::Application& application);

}  // namespace scalectl::tool
