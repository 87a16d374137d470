// bench BINARY [CONTEST …]: runs the contests (all of them without any named) and prints their
// tables as Markdown. Exit 1 where a limit was missed.
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <map>
#include <string>
#include <vector>

#include "arena.hpp"
#include "contests.hpp"
#include "core/stopwatch.hpp"
#include "core/text.hpp"
#include "process/host.hpp"
#include "report/report.hpp"

namespace {

using namespace scalectl;

using Contest = core::Result (*)(const bench::Arena&);
const std::vector<std::pair<std::string, Contest>> kContests{{"seed", bench::seed},
                                                             {"tick", bench::tick},
                                                             {"combat", bench::combat},
                                                             {"workflow", bench::workflow},
                                                             {"index", bench::index},
                                                             {"load", bench::load},
                                                             {"ws", bench::ws}};

core::Result run(Contest contest, const bench::Arena& arena) {
  const core::Stopwatch watch;
  core::Result result = contest(arena);
  watch.stamp(result);
  result.environment.postgres = arena.postgres_version();
  result.environment.cores = process::cores();
  result.environment.host = process::system_and_machine();
  result.notes.push_back("Machine: " + bench::machine());
  if (const auto version = arena.postgres_version()) {
    result.notes.push_back(fmt::format("PostgreSQL {} with {}, a checkpoint before each run",
                                       *version, arena.settings()));
  }
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  std::vector<Contest> chosen;
  std::vector<std::string> names;
  for (const auto& [name, contest] : kContests) names.push_back(name);
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const auto found = std::find(names.begin(), names.end(), arguments[i]);
    if (found == names.end()) {
      fmt::print(stderr, "ERROR - there is no contest \"{}\" — hint: {}\n", arguments[i],
                 core::join(names, ", "));
      return 2;
    }
    chosen.push_back(kContests[static_cast<std::size_t>(found - names.begin())].second);
  }
  if (arguments.empty()) {
    fmt::print(stderr, "ERROR - which scalectl? — hint: tools/bench gives it\n");
    return 2;
  }
  if (chosen.empty()) {
    for (const auto& [name, contest] : kContests) chosen.push_back(contest);
  }
  try {
    const bench::Arena arena(arguments[0]);
    std::vector<core::Result> results;
    for (const Contest contest : chosen) {
      results.push_back(run(contest, arena));
      fmt::print("{}", report::render("md", {results.back()}));
    }
    return core::exit_code(results);
  } catch (const std::exception& error) {
    fmt::print(stderr, "ERROR - {}\n", error.what());
    return 5;
  }
}
