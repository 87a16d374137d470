// scalectl seed: synthetic rows, the same for the same seed.
#include <fmt/format.h>

#include <memory>

#include "context.hpp"
#include "core/text.hpp"
#include "naming_options.hpp"
#include "process/host.hpp"
#include "schema/migrations.hpp"
#include "seed/game.hpp"

namespace scalectl::tool {
namespace {

constexpr const char* kDefaultAsOf = "2026-01-01T00:00:00Z";

struct Options {
  seed::GameOptions game;
  std::int64_t seed = 42;
  std::int64_t workers = 0;
  std::vector<std::string> only;
  std::string as_of = kDefaultAsOf;
  bool append = false;
  bool replace = false;
  NamingOptions naming;
};

seed::GameOptions engine_options(const Options& options) {
  seed::GameOptions game = options.game;
  if (options.append && options.replace) {
    throw core::usage_error("--append and --replace contradict each other", "give one of them");
  }
  if (options.append) game.existing = seed::Existing::kAppend;
  if (options.replace) game.existing = seed::Existing::kReplace;
  if (options.workers < 1 || options.workers > 256) {
    throw core::usage_error(fmt::format("--workers {} is not 1 to 256", options.workers),
                            "one for each core is enough");
  }
  game.seed = static_cast<std::uint64_t>(options.seed);
  game.workers = static_cast<int>(options.workers);
  for (const std::string& entry : options.only) {
    for (const std::string& name : core::split(entry, ',')) game.only.push_back(name);
  }
  game.as_of = std::chrono::time_point_cast<std::chrono::microseconds>(
      core::parse_time(options.as_of, std::chrono::system_clock::now()));
  game.naming = options.naming.naming();
  return game;
}

int seed_game(const Options& options, Context& context, const cli::Application& application) {
  const seed::GameOptions game = engine_options(options);
  seed::check(game);
  pg::Session session = context.connect(application);
  schema::ensure_in_lab(
      session, context.catalog(),
      {.family = "game", .schema = options.naming.schema, .version = kVersion},
      context.observer());
  core::Result result = seed::seed_game(session, game, context.observer());
  result.metrics.set("peak_resident_bytes", process::peak_resident_bytes());
  return context.emit(std::move(result));
}

}  // namespace

void declare_seed(cli::Application& application, Context& context) {
  auto options = std::make_shared<Options>();
  options->workers = process::cores();
  cli::Command seed = application.command("seed", "Synthetic rows, reproducible to the byte");
  cli::Command game = seed.verb("game", "Players and their world");
  game.option("--players", options->game.players, "How many players")
      .option("--seed", options->seed, "Start of the random numbers; the same seed, the same rows")
      .option("--workers", options->workers, "Threads that make rows; they do not change the rows")
      .option("--dead-ratio", options->game.dead_ratio, "Share of the players that are dead")
      .option("--inventory", options->game.inventory, "Rows of inventory (default: 2 per player)")
      .option("--combats", options->game.combats, "Active combats (default: 1 per 50 players)")
      .option("--dropped", options->game.dropped, "Dropped items (default: 1 per 5 players)")
      .option("--effects", options->game.effects, "Status effects (default: 1 per 10 players)")
      .list("--only", options->only, "Only these tables, with a comma between them", "TABLES")
      .option("--as-of", options->as_of,
              "The moment that rows are dated by; \"now\" for a mix of fresh and old ones", "TIME")
      .flag("--append", options->append, "Add to the rows that are there")
      .flag("--replace", options->replace, "Remove the rows that are there first");
  options->naming.declare(game);
  game.example("scalectl --lab seed game --players 100k --as-of now")
      .example("scalectl seed game --players 1M --only players --replace")
      .action([options, &context, &application] {
        return seed_game(*options, context, application);
      });
}

}  // namespace scalectl::tool
