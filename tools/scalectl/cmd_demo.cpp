// scalectl demo: the whole story on a private lab.
#include <memory>

#include "context.hpp"
#include "story/demo.hpp"

namespace scalectl::tool {

void declare_demo(cli::Application& application, Context& context) {
  struct Options {
    bool full = false;
  };
  auto options = std::make_shared<Options>();
  application
      .command("demo", "Seed 000's story, measured here: ticks before and after, beside its figures")
      .flag("--full", options->full, "1,000,000 players too (some minutes)")
      .example("scalectl demo --format md -o demo.md")
      .action([options, &context] {
        story::Demo demo = story::run_demo(
            context.catalog(),
            {.full = options->full, .lab_home = lab::default_home(), .version = kVersion},
            context.stop(), context.observer());
        context.note_versions(demo.postgres_version, demo.redis_version);
        return context.emit(std::move(demo.result));
      });
}

}  // namespace scalectl::tool
