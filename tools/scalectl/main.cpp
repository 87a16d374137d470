#include <iostream>
#include <string>
#include <vector>

#include "cli/application.hpp"
#include "context.hpp"
#include "core/error.hpp"
#include "process/descriptor.hpp"
#include "process/signals.hpp"
#include "secrets.hpp"

namespace scalectl::tool {

#define SCALECTL_COMMAND(name) void declare_##name(cli::Application&, Context&);
#include "commands.inc"
#undef SCALECTL_COMMAND

namespace {

int run(const std::vector<std::string>& arguments, process::Signals& signals) {
  Context context(signals, arguments);
  try {
    cli::Application application("scalectl",
                                 "Capacity and scaling toolkit for PostgreSQL, Redis, HTTP and "
                                 "WebSocket systems",
                                 kVersion);
    context.declare_globals(application);
#define SCALECTL_COMMAND(name) declare_##name(application, context);
#include "commands.inc"
#undef SCALECTL_COMMAND
    return application.run(arguments);
  } catch (const core::Error& error) {
    return context.report(error);
  } catch (const std::exception& error) {
    return context.report(core::Error(core::ErrorKind::kFailed,
                                      std::string("internal error: ") + error.what(),
                                      "please report this with the command that led to it"));
  }
}

}  // namespace
}  // namespace scalectl::tool

int main(int argc, char** argv) {
  using namespace scalectl;
  process::hold_standard_streams();
  process::Signals signals;
  const std::vector<std::string> arguments = tool::take_arguments(argc, argv);
  return tool::run(arguments, signals);
}
