// scalectl workflow: step readiness and task execution contexts on Tasker's tables.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "context.hpp"
#include "core/text.hpp"
#include "naming_options.hpp"
#include "schema/migrations.hpp"
#include "story/silent.hpp"
#include "story/workflow_bench.hpp"
#include "workflow/archive.hpp"
#include "workflow/check.hpp"
#include "workflow/readiness.hpp"
#include "workflow/transition.hpp"
#include "workflow/views.hpp"

namespace scalectl::tool {
namespace {

struct Options {
  NamingOptions naming;
  std::vector<std::string> tasks;
  bool all = false;
  std::string view;
  bool no_backoff = false;
  std::int64_t limit = 100;
  bool replace = false;
  bool repair = false;
  std::string kind_word;
  std::string id;
  std::string state;
  std::optional<std::string> from;

  pg::Naming names() const {
    pg::Naming names = naming.naming(workflow::kDefaultPrefix);
    names.check(workflow::kTables);
    return names;
  }
};

/// "v2" or "2" as 2; 0 for nothing.
int version_of(const std::string& text) {
  if (text.empty()) return 0;
  const auto wrong =
      core::usage_error(fmt::format("\"{}\" is not a version", text), "for example v3");
  const std::string digits = text[0] == 'v' ? text.substr(1) : text;
  if (digits.empty() || digits.size() > 3 ||
      digits.find_first_not_of("0123456789") != std::string::npos || std::stoi(digits) < 1) {
    throw wrong;
  }
  return std::stoi(digits);
}

pg::Session connect(const Options& options, Context& context,
                    const cli::Application& application) {
  options.names();  // refuses unknown tables before anything is made
  pg::Session session = context.connect(application);
  schema::ensure_in_lab(session, context.catalog(),
                        {.family = "workflow",
                         .schema = options.naming.schema,
                         .prefix = options.naming.prefix,
                         .version = kVersion},
                        context.observer());
  return session;
}

/// Every word of a list with commas, through `parse`; what it throws names the option.
template <typename Parse>
auto parse_list(const std::string& option, const std::string& list, const Parse& parse) {
  std::vector<decltype(parse(list))> values;
  for (const std::string& word : core::split(list, ',')) {
    try {
      values.push_back(parse(word));
    } catch (const core::Error& error) {
      throw error.within(option);
    }
  }
  return values;
}

using Query = core::Result (*)(pg::Session&, const workflow::Views&, const workflow::Selection&);

int query(const Options& options, Context& context, const cli::Application& application,
          Query engine) {
  workflow::Selection selection{.tasks = {}, .limit = options.limit};
  for (const std::string& entry : options.tasks) {
    for (const std::int64_t id : parse_list("--task", entry, core::parse_integer)) {
      selection.tasks.push_back(id);
    }
  }
  if (options.all == !selection.tasks.empty()) {
    throw core::usage_error(options.all ? "--task and --all contradict each other"
                                        : "which tasks?",
                            "give --task ID (several times, or with commas), or --all");
  }
  const int version = version_of(options.view);
  pg::Session session = connect(options, context, application);
  const auto views =
      workflow::Views::open(session, context.catalog(), options.names(), version);
  if (options.no_backoff) workflow::without_backoff(session, views);
  core::Result result = engine(session, views, selection);
  if (options.no_backoff) result.params.set("no_backoff", true);
  return context.emit(result);
}

int move(const Options& options, Context& context, const cli::Application& application) {
  if (options.kind_word != "step" && options.kind_word != "task") {
    throw core::usage_error(fmt::format("\"{}\" is neither step nor task", options.kind_word),
                            "for example: scalectl workflow transition step 17 in_progress");
  }
  const workflow::Move wanted{
      .kind = options.kind_word == "task" ? workflow::Kind::kTask : workflow::Kind::kStep,
      .id = core::parse_integer(options.id),
      .to_state = options.state,
      .expected_state = options.from};
  pg::Session session = connect(options, context, application);
  return context.emit(workflow::transition(session, options.names(), wanted));
}

constexpr std::int64_t kFullTasks = 500'000;

struct BenchOptions {
  std::string tasks = "50,500,5k,50k";
  std::string views = "v1,v2,v3";
  std::string indexes = "none,seed,best";
  std::int64_t steps = 6;
  std::int64_t repeats = 3;
  core::Seconds limit{30};
  bool full = false;
  bool yes = false;

  story::WorkflowBenchOptions for_engine() const {
    story::WorkflowBenchOptions engine{.tasks = {},
                                       .steps = steps,
                                       .views = {},
                                       .indexes = core::split(indexes, ','),
                                       .repeats = static_cast<int>(std::min<std::int64_t>(repeats, 1001)),
                                       .limit = limit,
                                       .layouts = full,
                                       .version = kVersion};
    engine.tasks = parse_list("--tasks", tasks, core::parse_count);
    const bool there = std::count(engine.tasks.begin(), engine.tasks.end(), kFullTasks) > 0;
    if (full && !there) engine.tasks.push_back(kFullTasks);
    engine.views = parse_list("--views", views, version_of);
    return engine;
  }
};

void declare_bench(cli::Command& workflow, Context& context, const cli::Application& application) {
  auto options = std::make_shared<BenchOptions>();
  cli::Command bench = workflow.verb("bench", "Seed 002's tables, measured beside its figures");
  bench.option("--tasks", options->tasks, "How many tasks, with commas", "COUNTS")
      .option("--steps", options->steps, "Steps of each task")
      .option("--views", options->views, "Versions of the views, with commas", "VERSIONS")
      .option("--indexes", options->indexes, "Sets of indexes: none, seed, best", "SETS")
      .option("--repeats", options->repeats, "Runs of each query")
      .option("--time-limit", options->limit, "For a single query")
      .flag("--full", options->full,
            "500,000 tasks too, and the layouts held against each other there: plain, archived, "
            "partitioned (16 minutes with --views v3 --indexes best, longer with more of them)")
      .flag("--yes", options->yes, "On this server, even if it is not a lab (it makes databases)")
      .example("scalectl --lab workflow bench --tasks 50,500,5k,50k")
      .example("scalectl --lab workflow bench --full --tasks 50k --views v3 --indexes best")
      .action([options, &context, &application] {
        const story::WorkflowBenchOptions engine = options->for_engine();
        story::check(engine);
        const pg::Target target = context.postgres();
        {
          pg::Session session = context.connect(target, application);
          if (!options->yes && !pg::is_lab(session)) {
            throw core::usage_error("the bench makes databases and keeps the server busy",
                                    "use --lab, or add --yes to run it here");
          }
        }
        return context.emit(story::workflow_bench(target, context.catalog(), engine,
                                                  context.stop(), context.observer()));
      });
}

void declare_views(cli::Command& workflow, const std::shared_ptr<Options>& options,
                   Context& context, const cli::Application& application) {
  cli::Command views = workflow.verb("views", "Switch between versions of the two views");
  cli::Command install = views.verb("install", "Put a version in place, in one transaction");
  install.option("--view", options->view, "Which version (default: the newest)", "VERSION")
      .flag("--replace", options->replace,
            "Even if scalectl did not install the views that are there (rollback restores them)");
  options->naming.declare(install);
  install.example("scalectl workflow views install --view v3")
      .action([options, &context, &application] {
        const int version = version_of(options->view);
        pg::Session session = connect(*options, context, application);
        story::Silent silent;  // the refusal says it all
        if (!schema::ensure_bookkeeping(session, context.catalog(), kVersion, silent)) {
          throw core::usage_error("views are installed only where scalectl can remember it",
                                  "run it as a role that may create schema scalectl");
        }
        return context.emit(workflow::install_views(session, context.catalog(), options->names(),
                                                    version, options->replace, kVersion,
                                                    context.observer()));
      });
  cli::Command rollback = views.verb("rollback", "Put back what the last install replaced");
  options->naming.declare(rollback);
  rollback.example("scalectl workflow views rollback").action([options, &context, &application] {
    pg::Session session = connect(*options, context, application);
    return context.emit(workflow::roll_back_views(session, context.catalog(), options->names(),
                                                  context.observer()));
  });
  cli::Command status = views.verb("status", "Which version is installed");
  options->naming.declare(status);
  status.example("scalectl workflow views status").action([options, &context, &application] {
    pg::Session session = connect(*options, context, application);
    return context.emit(
        workflow::views_status(session, context.catalog(), options->names()));
  });
}

}  // namespace

void declare_workflow(cli::Application& application, Context& context) {
  auto options = std::make_shared<Options>();
  cli::Command workflow =
      application.command("workflow", "Step readiness and task execution contexts at scale");

  const auto add_query = [&](const char* name, const char* summary, const char* example,
                             Query engine) {
    cli::Command verb = workflow.verb(name, summary);
    verb.list("--task", options->tasks, "A task (several times, or with commas)", "ID")
        .flag("--all", options->all, "Every task")
        .option("--view", options->view, "Version of the view (default: the installed or newest)",
                "VERSION")
        .flag("--no-backoff", options->no_backoff, "As if no step had to wait, for tests (v3)")
        .option("--limit", options->limit, "Rows shown with --all; 0 for every one");
    options->naming.declare(verb);
    verb.example(example).action([options, &context, &application, engine] {
      return query(*options, context, application, engine);
    });
  };
  add_query("ready", "What can run now, why the rest cannot, and when the next retry is due",
            "scalectl --lab workflow ready --task 17", workflow::ready);
  add_query("contexts", "How tasks stand, and what to do with them",
            "scalectl --lab workflow contexts --all", workflow::contexts);

  cli::Command transition = workflow.verb("transition", "Move a step or a task to its next state");
  transition.operand("KIND", options->kind_word, "step or task")
      .operand("ID", options->id, "Which one")
      .operand("STATE", options->state, "The state to move to")
      .option("--from", options->from, "Only if it is in this state now", "STATE");
  options->naming.declare(transition);
  transition.example("scalectl --lab workflow transition step 17 in_progress")
      .action([options, &context, &application] { return move(*options, context, application); });

  cli::Command check = workflow.verb("check", "Cycles, edges between tasks, broken histories");
  check.flag("--repair", options->repair, "Make the newest transition the only most_recent one");
  options->naming.declare(check);
  check.example("scalectl --lab workflow check").action([options, &context, &application] {
    pg::Session session = connect(*options, context, application);
    return context.emit(workflow::check(session, options->names(), options->repair,
                                        context.observer()));
  });

  auto archive_options = std::make_shared<workflow::ArchiveOptions>();
  cli::Command archive = workflow.verb("archive", "Move finished tasks out of the way, in batches");
  archive.option("--older-than", archive_options->older_than, "Finished longer ago than this")
      .option("--batch", archive_options->batch, "Tasks in one transaction");
  options->naming.declare(archive);
  archive.example("scalectl workflow archive --older-than 30d")
      .action([options, archive_options, &context, &application] {
        pg::Session session = connect(*options, context, application);
        return context.emit(workflow::archive(session, options->names(), *archive_options,
                                              context.observer()));
      });

  declare_bench(workflow, context, application);
  declare_views(workflow, options, context, application);
}

}  // namespace scalectl::tool
