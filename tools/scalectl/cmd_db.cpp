// scalectl db: the reference schemas.
#include <memory>

#include "context.hpp"
#include "schema/layout.hpp"
#include "schema/migrations.hpp"

namespace scalectl::tool {
namespace {

struct Options {
  std::string family;
  std::optional<std::string> schema;
  std::optional<std::string> prefix;
  bool partitioned = false;
  bool yes = false;
  std::string layout;
  std::int64_t batch = 10'000;
  core::Seconds lock_timeout{1};
  bool foreign = false;

  schema::Options for_engine() const {
    schema::Options engine{
        .family = family, .schema = schema, .prefix = prefix, .version = kVersion};
    if (partitioned) engine.optional = {"partitioned"};
    return engine;
  }
  schema::LayoutOptions for_layout() const {
    return {.place = for_engine(),
            .layout = layout,
            .batch = batch,
            .lock_timeout = lock_timeout,
            .foreign = foreign};
  }
};

}  // namespace

void declare_db(cli::Application& application, Context& context) {
  auto options = std::make_shared<Options>();
  cli::Command db = application.command("db", "The reference schemas: game, workflow, social");
  const auto add = [&](const char* name, const char* summary) {
    cli::Command verb = db.verb(name, summary);
    verb.operand("SCHEMA", options->family, "Which reference schema: game, workflow, social")
        .option("--schema", options->schema,
                "Schema to hold the tables (default: the search_path's)", "NAME")
        .option("--prefix", options->prefix,
                "What the tables' names begin with (default: as the files say)", "TEXT");
    return verb;
  };

  add("init", "Make the tables, or bring them up to date; safe to run again")
      .flag("--partitioned", options->partitioned,
            "workflow: partition the transitions, and make the months to come; moves what is there "
            "and locks the two tables meanwhile")
      .example("scalectl --lab db init game")
      .example("scalectl --lab db init workflow --partitioned")
      .action([options, &context, &application] {
        const schema::Options engine = options->for_engine();
        schema::check(context.catalog(), engine);
        pg::Session session = context.connect(application);
        return context.emit(schema::init(session, context.catalog(), engine, context.observer()));
      });

  add("status", "Tell which migrations are applied, and how many rows there are")
      .example("scalectl db status game --format json")
      .action([options, &context, &application] {
        pg::Session session = context.connect(application);
        return context.emit(schema::status(session, context.catalog(), options->for_engine()));
      });

  add("migrate", "Bring the players to another layout while the game goes on; safe to run again")
      .option("--layout", options->layout,
              "game: seed (full pages, seed 000's indexes), hot (half-empty pages, no index names "
              "stamina) or epoch (a tick updates one row)",
              "NAME")
      .option("--batch", options->batch, "Rows that a transaction moves or settles, about")
      .option("--lock-timeout", options->lock_timeout,
              "How long each of ten tries waits for an exclusive lock")
      .flag("--foreign", options->foreign,
            "hot: also drop indexes on stamina that scalectl did not make")
      .example("scalectl --lab db migrate game --layout hot")
      .action([options, &context, &application] {
        const schema::LayoutOptions engine = options->for_layout();
        schema::check(context.catalog(), engine);
        pg::Session session = context.connect(application);
        schema::ensure_in_lab(session, context.catalog(), engine.place, context.observer());
        return context.emit(
            schema::migrate(session, context.catalog(), engine, context.observer()));
      });

  add("drop", "Drop the tables that init made")
      .flag("--yes", options->yes, "Even if they hold rows (not asked for in a lab)")
      .example("scalectl --lab db drop game")
      .action([options, &context, &application] {
        pg::Session session = context.connect(application);
        return context.emit(schema::drop(session, context.catalog(), options->for_engine(),
                                         options->yes, context.observer()));
      });
}

}  // namespace scalectl::tool
