// scalectl seed: synthetic rows, the same for the same seed.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "context.hpp"
#include "core/text.hpp"
#include "naming_options.hpp"
#include "process/host.hpp"
#include "schema/migrations.hpp"
#include "seed/game.hpp"
#include "seed/social.hpp"
#include "seed/workflow.hpp"

namespace scalectl::tool {
namespace {

constexpr const char* kDefaultAsOf = "2026-01-01T00:00:00Z";

/// What every kind of seeding is told.
struct Common {
  std::int64_t seed = 42;
  std::optional<std::int64_t> workers;
  std::string as_of = kDefaultAsOf;
  bool append = false;
  bool replace = false;
  NamingOptions naming;

  void declare(cli::Command& verb) {
    verb.option("--seed", seed, "Start of the random numbers; the same seed, the same rows")
        .option("--workers", workers,
                "Threads that make rows; they do not change the rows (default: one for each core)")
        .option("--as-of", as_of,
                "The moment that rows are dated by; \"now\" for a mix of fresh and old ones",
                "TIME")
        .flag("--append", append, "Add to the rows that are there")
        .flag("--replace", replace, "Remove the rows that are there first");
    naming.declare(verb);
  }

  /// Writes what was told into the options of an engine.
  template <typename Engine>
  void apply(Engine& engine, const std::string& prefix) const {
    if (append && replace) {
      throw core::usage_error("--append and --replace contradict each other", "give one of them");
    }
    if (append) engine.existing = seed::Existing::kAppend;
    if (replace) engine.existing = seed::Existing::kReplace;
    const std::int64_t threads = workers.value_or(process::cores());
    if (threads < 1 || threads > 256) {
      throw core::usage_error(fmt::format("--workers {} is not 1 to 256", threads),
                              "one for each core is enough");
    }
    engine.seed = static_cast<std::uint64_t>(seed);
    engine.workers = static_cast<int>(threads);
    engine.as_of = std::chrono::time_point_cast<std::chrono::microseconds>(
        core::parse_time(as_of, std::chrono::system_clock::now()));
    engine.naming = naming.naming(prefix);
  }
};

struct GameOptions {
  Common common;
  seed::GameOptions game;
  std::vector<std::string> only;
};

struct WorkflowOptions {
  Common common;
  seed::WorkflowOptions workflow;
  core::Seconds max_age{seed::kDefaultMaxAge};
  cli::Choice shape{.value = "mixed",
                    .allowed = {"linear", "diamond", "parallel", "tree", "mixed"}};
  cli::Choice states{.value = "mixed",
                     .allowed = {"fresh", "running", "retrying", "failed", "mixed"}};
};

struct SocialOptions {
  Common common;
  seed::SocialOptions social;
};

/// Position of the chosen word among those allowed, as an enumerator.
template <typename Enum>
Enum chosen(const cli::Choice& choice) {
  const auto at = std::find(choice.allowed.begin(), choice.allowed.end(), choice.value);
  return static_cast<Enum>(at - choice.allowed.begin());
}

pg::Session connect(const char* family, const Common& common, Context& context,
                    const cli::Application& application) {
  pg::Session session = context.connect(application);
  schema::ensure_in_lab(session, context.catalog(),
                        {.family = family,
                         .schema = common.naming.schema,
                         .prefix = common.naming.prefix,
                         .version = kVersion},
                        context.observer());
  return session;
}

int emit(core::Result result, Context& context) {
  result.metrics.set("peak_resident_bytes", process::peak_resident_bytes());
  return context.emit(std::move(result));
}

int seed_game(const GameOptions& options, Context& context, const cli::Application& application) {
  seed::GameOptions game = options.game;
  options.common.apply(game, "");
  for (const std::string& entry : options.only) {
    for (const std::string& name : core::split(entry, ',')) game.only.push_back(name);
  }
  seed::check(game);
  pg::Session session = connect("game", options.common, context, application);
  return emit(seed::seed_game(session, game, context.observer()), context);
}

int seed_workflow(const WorkflowOptions& options, Context& context,
                  const cli::Application& application) {
  seed::WorkflowOptions workflow = options.workflow;
  options.common.apply(workflow, "tasker_");
  workflow.max_age = std::chrono::duration_cast<std::chrono::seconds>(options.max_age);
  workflow.shape = chosen<seed::Shape>(options.shape);
  workflow.progress = chosen<seed::Progress>(options.states);
  seed::check(workflow);
  pg::Session session = connect("workflow", options.common, context, application);
  return emit(seed::seed_workflow(session, workflow, context.observer()), context);
}

int seed_social(const SocialOptions& options, Context& context,
                const cli::Application& application) {
  seed::SocialOptions social = options.social;
  options.common.apply(social, "");
  seed::check(social);
  pg::Session session = connect("social", options.common, context, application);
  return emit(seed::seed_social(session, social, context.observer()), context);
}

}  // namespace

void declare_seed(cli::Application& application, Context& context) {
  cli::Command seed = application.command("seed", "Synthetic rows, reproducible to the byte");

  auto game_options = std::make_shared<GameOptions>();
  cli::Command game = seed.verb("game", "Players and their world");
  game.option("--players", game_options->game.players, "How many players")
      .option("--dead-ratio", game_options->game.dead_ratio, "Share of the players that are dead")
      .option("--inventory", game_options->game.inventory,
              "Rows of inventory (default: 2 per player)")
      .option("--combats", game_options->game.combats, "Active combats (default: 1 per 50 players)")
      .option("--dropped", game_options->game.dropped, "Dropped items (default: 1 per 5 players)")
      .option("--effects", game_options->game.effects, "Status effects (default: 1 per 10 players)")
      .option("--enemies", game_options->game.enemies,
              "Wandering enemies (default: none; tick respawn makes them)")
      .list("--only", game_options->only, "Only these tables, with a comma between them", "TABLES");
  game_options->common.declare(game);
  game.example("scalectl --lab seed game --players 100k --as-of now")
      .example("scalectl seed game --players 1M --only players --replace")
      .action([options = game_options, &context, &application] {
        return seed_game(*options, context, application);
      });

  auto workflow_options = std::make_shared<WorkflowOptions>();
  cli::Command workflow = seed.verb("workflow", "Tasker's tasks, steps and their histories");
  workflow.option("--tasks", workflow_options->workflow.tasks, "How many tasks")
      .option("--steps", workflow_options->workflow.steps, "Steps of each task")
      .option("--shape", workflow_options->shape, "How the steps of a task depend on each other")
      .option("--states", workflow_options->states, "How far the tasks have come")
      .option("--max-age", workflow_options->max_age,
              "Finished tasks were so at most this long ago");
  workflow_options->common.declare(workflow);
  workflow.example("scalectl --lab seed workflow --tasks 50k --as-of now")
      .example("scalectl --lab seed workflow --tasks 100 --steps 12 --shape tree --states retrying")
      .action([options = workflow_options, &context, &application] {
        return seed_workflow(*options, context, application);
      });

  auto social_options = std::make_shared<SocialOptions>();
  cli::Command social = seed.verb("social", "People, what they write, and whom they follow");
  social.option("--users", social_options->social.users, "How many people");
  social_options->common.declare(social);
  social.example("scalectl --lab seed social --users 100k")
      .action([options = social_options, &context, &application] {
        return seed_social(*options, context, application);
      });
}

}  // namespace scalectl::tool
