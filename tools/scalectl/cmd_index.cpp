// scalectl index: performance indexes, in packs.
#include <functional>
#include <memory>

#include "context.hpp"
#include "core/error.hpp"
#include "core/stopwatch.hpp"
#include "index/advise.hpp"
#include "index/engine.hpp"
#include "index/pack.hpp"
#include "naming_options.hpp"
#include "net/utf8.hpp"
#include "process/files.hpp"
#include "schema/migrations.hpp"

namespace scalectl::tool {
namespace {

constexpr const char* kLookTimeout = "10s";

/// A pack, where its tables are, and what the verbs are told about it.
struct Options {
  std::string pack;
  NamingOptions naming;
  index::ApplyOptions apply;
  index::StatusOptions status;
  index::DropOptions drop;
  index::VerifyOptions verify;
  bool verify_price = false;
  index::PriceOptions price;
  cli::Choice without{.value = "auto", .allowed = {"auto", "switches", "copies"}};
};

core::Result list(const catalog::Catalog& catalog) {
  const core::Stopwatch watch;
  core::Result result{.command = "index list"};
  core::Table table{.key = "indexes",
                    .title = "",
                    .columns = {{"pack", "pack"},
                                {"version", "version"},
                                {"index", "index"},
                                {"table", "table"},
                                {"why", "why"}},
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

/// What the engine's functions take.
struct Subject {
  const catalog::Catalog& catalog;
  index::Pack pack;
  pg::Naming naming;
  pg::Session session;
};

/// Reads the pack and connects; refuses what can be refused before that.
Subject open(const Options& options, Context& context, const cli::Application& application) {
  index::Pack pack = index::load(context.catalog(), options.pack);
  const pg::Naming naming = options.naming.naming(pack.prefix);
  naming.check(pack.tables());
  pg::Session session = context.connect(application);
  if (!pack.family.empty() && context.lab()) {
    schema::ensure_in_lab(session, context.catalog(),
                          {.family = pack.family,
                           .schema = options.naming.schema,
                           .prefix = options.naming.prefix,
                           .version = kVersion},
                          context.observer());
  }
  // Looking takes no time; who has the table for himself is waited for, but not for ever. Builds
  // and drops wait on a connection of their own.
  session.query("SET lock_timeout = '" + std::string(kLookTimeout) + "'");
  return {context.catalog(), std::move(pack), naming, std::move(session)};
}

core::Result price(Subject& on, const Options& options, core::Observer& observer) {
  index::PriceOptions price = options.price;
  price.writes = index::load_writes(on.catalog, on.pack.family);
  price.better = index::better_design(on.catalog, on.pack);
  return index::price(on.session, on.pack, on.naming, price, observer);
}

core::Result verify(Subject& on, const Options& options, core::Observer& observer) {
  index::VerifyOptions verify = options.verify;
  verify.without = options.without.value == "switches" ? index::Without::kSwitches
                   : options.without.value == "copies" ? index::Without::kCopies
                                                       : index::Without::kAuto;
  return index::verify(on.session, on.pack, on.naming, verify, observer);
}

/// The other packs for the same tables.
std::vector<index::Pack> others_of(const Subject& on) {
  std::vector<index::Pack> others;
  for (index::Pack& pack : index::load_all(on.catalog)) {
    const bool same_tables = pack.family == on.pack.family && pack.prefix == on.pack.prefix;
    if (pack.name != on.pack.name && same_tables) others.push_back(std::move(pack));
  }
  return others;
}

struct AdviseOptions {
  std::optional<std::string> file;
  index::AdviseOptions engine;
};

int advise(const AdviseOptions& options, Context& context, const cli::Application& application) {
  index::AdviseOptions engine = options.engine;
  if (options.file) {
    const std::string text = process::read_file(*options.file);
    if (!net::is_utf8(text)) {
      throw core::usage_error(*options.file + " holds bytes that are not UTF-8",
                              "for example: iconv -f LATIN1 -t UTF-8 FILE");
    }
    engine.queries = index::read_queries(*options.file, text);
  }
  pg::Session session = context.connect(application);
  return context.emit(index::advise(session, engine, context.observer()));
}

}  // namespace

void declare_index(cli::Application& application, Context& context) {
  cli::Command index = application.command("index", "Performance indexes, in packs");

  index.verb("list", "The packs and their indexes")
      .example("scalectl index list")
      .action([&context] { return context.emit(list(context.catalog())); });

  // A verb on a pack; what it does is `engine`.
  using Engine = std::vector<core::Result> (*)(Subject&, const Options&, core::Observer&);
  const auto add = [&](const char* name, const char* summary, Engine engine,
                       const std::function<void(cli::Command&, Options&)>& declare = {}) {
    auto options = std::make_shared<Options>();
    cli::Command verb = index.verb(name, summary);
    verb.operand("PACK", options->pack, "Which pack; see index list");
    if (declare) declare(verb, *options);
    options->naming.declare(verb);
    verb.example(std::string("scalectl --lab index ") + name + " game");
    verb.action([options, &context, &application, engine] {
      index::check(options->verify);
      index::check(options->price);
      Subject subject = open(*options, context, application);
      return context.emit(engine(subject, *options, context.observer()));
    });
  };
  constexpr const char* kWait = "How long to wait for other sessions, in all; then exit 4";

  add("plan", "What apply would do, and what it costs; exit 1 where there is something to do",
      [](Subject& on, const Options&, core::Observer&) {
        return std::vector{index::plan(on.session, on.pack, on.naming)};
      });
  add(
      "apply", "Build what is missing and repair what is broken, without blocking writers",
      [](Subject& on, const Options& options, core::Observer& observer) {
        return std::vector{index::apply(on.session, on.pack, on.naming, observer, options.apply)};
      },
      [&](cli::Command& verb, Options& options) {
        verb.option("--wait", options.apply.wait,
                    "How long to wait for other sessions, in all; then the unfinished index is "
                    "dropped, which may wait 5 s more, and exit 4")
            .flag("--replace", options.apply.replace,
                  "Also what has another definition, or is INVALID, not ours and not as the pack "
                  "says");
      });
  add(
      "status", "Which indexes are there, as defined, how big and how much used",
      [](Subject& on, const Options& options, core::Observer&) {
        return std::vector{index::status(on.session, on.pack, on.naming, options.status)};
      },
      [](cli::Command& verb, Options& options) {
        verb.flag("--all", options.status.all,
                  "Also unused and duplicate indexes of the whole schema");
      });
  add(
      "verify",
      "Run each index's query with and without it; exit 1 where it is not 1.1 times as fast",
      [](Subject& on, const Options& options, core::Observer& observer) {
        std::vector<core::Result> results{verify(on, options, observer)};
        if (options.verify_price) results.push_back(price(on, options, observer));
        return results;
      },
      [](cli::Command& verb, Options& options) {
        verb.option("--runs", options.verify.runs, "Runs of each query with its index")
            .option("--time-limit", options.verify.limit, "For one run without the index")
            .option("--sample", options.verify.sample_rows,
                    "Rows of a table that is copied, at most")
            .option("--without", options.without, "How the index is taken away from the query")
            .flag("--price", options.verify_price,
                  "And what the pack costs, as index price says it");
      });
  add(
      "price", "What the pack's indexes cost when rows are written, and what would be better",
      [](Subject& on, const Options& options, core::Observer& observer) {
        return std::vector{price(on, options, observer)};
      },
      [](cli::Command& verb, Options& options) {
        verb.option("--sample", options.price.sample_rows,
                    "Rows of each table that are copied, at most")
            .option("--rounds", options.price.rounds, "Runs of each design, interleaved");
      });
  add(
      "drop", "Drop the pack's indexes that scalectl made, without blocking writers",
      [](Subject& on, const Options& options, core::Observer& observer) {
        index::DropOptions drop = options.drop;
        drop.others = others_of(on);
        return std::vector{index::drop(on.session, on.pack, on.naming, observer, drop)};
      },
      [&](cli::Command& verb, Options& options) {
        verb.option("--wait", options.drop.wait, kWait)
            .flag("--foreign", options.drop.foreign,
                  "Also those that do not carry our comment, or another pack's");
      });

  auto advise_options = std::make_shared<AdviseOptions>();
  cli::Command advise_verb = index.verb(
      "advise", "Indexes that would help, tried out as hypothetical ones; builds nothing");
  advise_verb
      .option("--sql", advise_options->file, "Queries to look at (default: pg_stat_statements)",
              "FILE")
      .option("--limit", advise_options->engine.limit, "Queries of pg_stat_statements to look at")
      .option("--least-saving", advise_options->engine.least_saving,
              "Share of a query's cost that an index must save")
      .example("scalectl index advise --sql slow.sql")
      .action([options = advise_options, &context, &application] {
        return advise(*options, context, application);
      });
}

}  // namespace scalectl::tool
