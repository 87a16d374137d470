// scalectl tick sweep: how the ticks grow with the number of players.
#include "cmd_tick_sweep.hpp"

#include <algorithm>
#include <memory>

#include "context.hpp"
#include "core/text.hpp"
#include "story/tick_sweep.hpp"

namespace scalectl::tool {
namespace {

struct Options {
  std::string name;
  std::string sizes = "1k,10k,100k,1M";
  std::string strategies = core::join(story::kSweepStrategies, ",");
  std::string layouts = core::join(story::kSweepLayouts, ",");
  std::int64_t repeats = 5;
  core::Seconds max_time{60};
  std::int64_t workers = 1;
  std::int64_t predict = 10'000'000;
  bool yes = false;

  story::TickSweepOptions for_engine() const {
    // What is too large for an int is too large for the check.
    const auto small = [](std::int64_t value) {
      return static_cast<int>(std::min<std::int64_t>(value, 1'000'000));
    };
    story::TickSweepOptions engine{.sizes = {},
                                   .strategies = core::split(strategies, ','),
                                   .layouts = core::split(layouts, ','),
                                   .repeats = small(repeats),
                                   .max_time = max_time,
                                   .workers = small(workers),
                                   .predict = predict,
                                   .version = kVersion};
    for (const std::string& word : core::split(sizes, ',')) {
      try {
        engine.sizes.push_back(core::parse_count(word));
      } catch (const core::Error& error) {
        throw error.within("--sizes");
      }
    }
    return engine;
  }
};

int sweep(const Options& options, Context& context, const cli::Application& application) {
  const tick::Definition tick = tick::load(context.catalog(), options.name);
  const story::TickSweepOptions engine = options.for_engine();
  story::check(tick, engine);
  const pg::Target target = context.postgres();
  {
    pg::Session session = context.connect(target, application);
    if (!options.yes && !pg::is_lab(session)) {
      throw core::usage_error("a sweep makes databases and keeps the server busy",
                              "use --lab, or add --yes to run it here");
    }
  }
  return context.emit(story::tick_sweep(target, context.catalog(), tick, engine, context.stop(),
                                        context.observer()));
}

}  // namespace

void declare_tick_sweep(cli::Command& tick, Context& context, const cli::Application& application) {
  auto options = std::make_shared<Options>();
  tick.verb("sweep", "The law that a tick's time follows, beside seed 000's projection")
      .operand("TICK", options->name, "Which tick; see tick list")
      .option("--sizes", options->sizes, "How many players, the fewest first, with commas",
              "COUNTS")
      .option("--strategies", options->strategies, "Forms of the tick, with commas", "WORDS")
      .option("--layouts", options->layouts, "Layouts of the players, with commas", "WORDS")
      .option("--repeats", options->repeats, "Runs of each variant at each size")
      .option("--max-time", options->max_time,
              "For one run: a variant that would take longer goes no further")
      .option("--workers", options->workers, "Connections of the strategy batched")
      .option("--predict", options->predict, "Players to predict the time for")
      .flag("--yes", options->yes, "On this server, even if it is not a lab (it makes databases)")
      .example("scalectl --lab tick sweep stamina --sizes 1k,10k,100k")
      .example("scalectl --lab tick sweep stamina --format html -o sweep.html")
      .action([options, &context, &application] { return sweep(*options, context, application); });
}

}  // namespace scalectl::tool
