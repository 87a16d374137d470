// scalectl load validate, list and schema: scenario files, looked at without a server.
#include <iostream>
#include <memory>

#include "core/stopwatch.hpp"
#include "load/scenario/reader.hpp"
#include "load/scenario/schema.hpp"
#include "load/scenario/summary.hpp"
#include "load_options.hpp"
#include "scenario_options.hpp"

namespace scalectl::tool {
namespace {

namespace scenario = load::scenario;

struct Options {
  std::vector<std::string> files;
  ScenarioOptions reading;
};

int validate(const Options& options, Context& context) {
  const scenario::ReadOptions reading = options.reading.read();
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
  cli::Command validating =
      load.verb("validate", "Whether scenario files are as they should be, and what they would do")
          .operands("FILE|NAME", options->files, "Scenario files, or names of shipped scenarios");
  options->reading.declare(validating);
  validating.example("scalectl load validate scenarios/load/smoke.json")
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
