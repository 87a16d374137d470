// scalectl db: the reference schemas.
#include <memory>

#include "context.hpp"
#include "schema/migrations.hpp"

namespace scalectl::tool {
namespace {

struct Options {
  std::string family;
  std::optional<std::string> schema;
  std::optional<std::string> prefix;
  bool partitioned = false;
  bool yes = false;

  schema::Options for_engine() const {
    schema::Options engine{.family = family, .schema = schema, .prefix = prefix, .version = kVersion};
    if (partitioned) engine.optional = {"partitioned"};
    return engine;
  }
};

}  // namespace

void declare_db(cli::Application& application, Context& context) {
  auto options = std::make_shared<Options>();
  cli::Command db = application.command("db", "The reference schemas: game, workflow, social");
  const auto add = [&](const char* name, const char* summary) {
    cli::Command verb = db.verb(name, summary);
    verb.operand("SCHEMA", options->family, "Which reference schema: game, workflow, social")
        .option("--schema", options->schema, "Schema to hold the tables (default: the search_path's)",
                "NAME")
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
