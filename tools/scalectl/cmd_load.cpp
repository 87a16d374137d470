// scalectl load: load of several kinds, and the merging of shards.
#include <memory>

#include "load/merge.hpp"
#include "load_options.hpp"
#include "process/files.hpp"

namespace scalectl::tool {
namespace {

void declare_load_merge(cli::Command& load, Context& context) {
  struct MergeOptions {
    std::vector<std::string> files;
    std::vector<std::string> thresholds;
  };
  auto merge_options = std::make_shared<MergeOptions>();
  load.verb("merge", "One result out of those of the shards of a run")
      .operands("FILE", merge_options->files, "Results as JSON")
      .list("--threshold", merge_options->thresholds, "What must hold of the whole", "EXPRESSION",
            is_threshold)
      .example("scalectl load merge shard-*.json --threshold 'response.p99<200ms'")
      .action([merge_options, &context] {
        std::vector<load::NamedText> texts;
        for (const std::string& file : merge_options->files) {
          texts.push_back({file, process::read_file(file)});
        }
        return context.emit(load::merge(texts, thresholds_of(merge_options->thresholds)));
      });
}

}  // namespace

void declare_load(cli::Application& application, Context& context) {
  cli::Command load =
      application.command("load", "Drive HTTP and WebSocket load, and tell the truth about it");
  declare_load_http(load, context);
  declare_load_ws(load, context);
  declare_load_run(load, context);
  declare_load_scenario(load, context);
  declare_load_merge(load, context);
}

}  // namespace scalectl::tool
