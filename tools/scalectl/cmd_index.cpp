// scalectl index: performance indexes, in packs.
#include <memory>

#include "context.hpp"
#include "core/stopwatch.hpp"
#include "index/engine.hpp"
#include "index/pack.hpp"
#include "naming_options.hpp"
#include "schema/migrations.hpp"

namespace scalectl::tool {
namespace {

struct Options {
  std::string pack;
  NamingOptions naming;
};

core::Result list(const catalog::Catalog& catalog) {
  const core::Stopwatch watch;
  core::Result result{.command = "index list"};
  core::Table table{.key = "indexes",
                    .title = "",
                    .columns = {{"pack", "pack"}, {"version", "version"}, {"index", "index"},
                                {"table", "table"}, {"why", "why"}},
                    .rows = {}};
  for (const index::Pack& pack : index::load_all(catalog)) {
    for (const index::IndexDefinition& index : pack.indexes) {
      table.rows.push_back({pack.name, pack.version, index.name, index.table, index.why});
    }
  }
  result.tables.push_back(std::move(table));
  watch.stamp(result);
  return result;
}

}  // namespace

void declare_index(cli::Application& application, Context& context) {
  auto options = std::make_shared<Options>();
  cli::Command index = application.command("index", "Performance indexes, in packs");

  index.verb("list", "The packs and their indexes")
      .example("scalectl index list")
      .action([&context] { return context.emit(list(context.catalog())); });

  // What a verb does once it has its pack and a connection.
  using Engine = core::Result (*)(pg::Session&, const index::Pack&, const pg::Naming&,
                                  core::Observer&);
  const auto add = [&](const char* name, const char* summary, const char* example, Engine engine) {
    cli::Command verb = index.verb(name, summary);
    verb.operand("PACK", options->pack, "Which pack; see index list");
    options->naming.declare(verb);
    verb.example(example).action([options, &context, &application, engine] {
      const index::Pack pack = index::load(context.catalog(), options->pack);
      const pg::Naming naming = options->naming.naming(pack.prefix);
      std::vector<std::string> tables;
      for (const auto& definition : pack.indexes) tables.push_back(definition.table);
      naming.check(tables);
      pg::Session session = context.connect(application);
      if (!pack.family.empty()) {
        schema::ensure_in_lab(
            session, context.catalog(),
            {.family = pack.family,
             .schema = options->naming.schema,
             .prefix = options->naming.prefix,
             .version = kVersion},
            context.observer());
      }
      return context.emit(engine(session, pack, naming, context.observer()));
    });
  };
  add("plan", "What apply would do; changes nothing", "scalectl --lab index plan game",
      [](pg::Session& session, const index::Pack& pack, const pg::Naming& naming,
         core::Observer& /*observer*/) { return index::plan(session, pack, naming); });
  add("apply", "Build what is missing, without blocking writers", "scalectl --lab index apply game",
      index::apply);
  add("status", "Which indexes are there, how big and how much used",
      "scalectl index status game --format json",
      [](pg::Session& session, const index::Pack& pack, const pg::Naming& naming,
         core::Observer& /*observer*/) { return index::status(session, pack, naming); });
  add("drop", "Drop the pack's indexes, without blocking writers", "scalectl --lab index drop game",
      index::drop);
}

}  // namespace scalectl::tool
