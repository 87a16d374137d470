// scalectl load validate, list and schema: scenario files, looked at without a server.
#include <fmt/format.h>

#include <iostream>
#include <memory>

#include "core/stopwatch.hpp"
#include "load/scenario/reader.hpp"
#include "load/scenario/schema.hpp"
#include "load/scenario/summary.hpp"
#include "load_options.hpp"

namespace scalectl::tool {
namespace {

namespace scenario = load::scenario;

struct Options {
  std::vector<std::string> files;
  std::vector<std::string> variables;
  std::optional<std::string> target;
};

/// What --set and --target say.
scenario::ReadOptions read_options(const Options& options) {
  scenario::ReadOptions made{.target = options.target};
  for (const std::string& given : options.variables) {
    const std::size_t equals = given.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw core::usage_error(fmt::format("--set \"{}\" is not NAME=VALUE", given),
                              "for example --set room=plaza");
    }
    made.variables.emplace_back(given.substr(0, equals), given.substr(equals + 1));
  }
  return made;
}

int validate(const Options& options, Context& context) {
  const scenario::ReadOptions reading = read_options(options);
  std::vector<core::Result> results;
  int code = 0;
  for (const std::string& file : options.files) {
    const core::Stopwatch watch;
    const scenario::Reviewed reviewed =
        scenario::review_scenario(scenario::open_source(file, context.catalog()), reading);
    for (const scenario::Problem& problem : reviewed.problems) {
      code = context.report(core::usage_error(problem.text(), problem.hint));
    }
    if (!reviewed.scenario) continue;
    core::Result result{.command = "load validate", .name = reviewed.scenario->name};
    scenario::summarize(*reviewed.scenario, result);
    watch.stamp(result);
    results.push_back(std::move(result));
  }
  return code == 0 ? context.emit(std::move(results)) : code;
}

core::Result list(const catalog::Catalog& catalog) {
  const core::Stopwatch watch;
  core::Result result{.command = "load list"};
  core::Table table{.key = "scenarios",
                    .title = "",
                    .columns = {{"scenario", "scenario"}, {"summary", "summary"}},
                    .rows = {}};
  for (const scenario::Source& source : scenario::shipped_sources(catalog)) {
    table.rows.push_back({source.name, scenario::read_scenario(source).summary});
  }
  result.tables.push_back(std::move(table));
  watch.stamp(result);
  return result;
}

}  // namespace

void declare_load_scenario(cli::Command& load, Context& context) {
  auto options = std::make_shared<Options>();
  load.verb("validate", "Whether scenario files are as they should be, and what they would do")
      .operands("FILE|NAME", options->files, "Scenario files, or names of shipped scenarios")
      .list("--set", options->variables, "A variable's value in place of the file's", "NAME=VALUE")
      .option("--target", options->target, "The server, in place of the file's", "URL")
      .example("scalectl load validate scenarios/load/smoke.json")
      .action([options, &context] { return validate(*options, context); });
  load.verb("list", "The scenarios that ship").example("scalectl load list").action([&context] {
    return context.emit(list(context.catalog()));
  });
  load.verb("schema", "The JSON schema of scenario files")
      .example("scalectl load schema > scenario.schema.json")
      .action([] {
        std::cout << scenario::json_schema() << std::flush;
        return 0;
      });
}

}  // namespace scalectl::tool
