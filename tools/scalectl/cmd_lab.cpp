// scalectl lab: a private PostgreSQL and Redis.
#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "context.hpp"
#include "core/error.hpp"
#include "core/parse.hpp"
#include "core/stopwatch.hpp"
#include "core/text.hpp"
#include "lab/lab.hpp"
#include "process/host.hpp"
#include "redis/client.hpp"

namespace scalectl::tool {
namespace {

struct Options {
  std::optional<std::string> name;
  std::vector<std::string> settings;
  std::optional<std::string> port;
  std::optional<std::string> redis_port;
  bool fast = false;
  bool replica = false;
  bool pgbouncer = false;
  std::vector<std::string> command;
};

/// The lab that --name (or the global --lab) names.
lab::Lab chosen_lab(const Options& options, const Context& context) {
  if (options.name && context.lab() && *options.name != *context.lab()) {
    throw core::usage_error(
        fmt::format("--name {} and --lab={} contradict each other", *options.name, *context.lab()),
        "give one of them");
  }
  return {lab::default_home(), options.name.value_or(context.lab().value_or("default"))};
}

std::optional<int> port_of(const std::optional<std::string>& text, const char* option) {
  if (!text) return std::nullopt;
  const std::int64_t port = core::parse_integer(*text);
  if (port < 0 || port > 65535) {
    throw core::usage_error(fmt::format("{} {} is not a port", option, *text),
                            "give 1 to 65535, or 0 for any that is free");
  }
  return static_cast<int>(port);
}

lab::Options lab_options(const Options& options) {
  lab::Options made{.fast = options.fast,
                    .settings = {},
                    .port = port_of(options.port, "--port"),
                    .redis_port = port_of(options.redis_port, "--redis-port"),
                    .replica = options.replica,
                    .pgbouncer = options.pgbouncer};
  for (const std::string& entry : options.settings) {
    const auto equals = entry.find('=');
    if (equals == std::string::npos) {
      throw core::usage_error(fmt::format("--pg \"{}\" is not key=value", entry),
                              "for example --pg work_mem=64MB");
    }
    made.settings[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  return made;
}

core::Table server_table(const lab::Lab& lab) {
  core::Table table{.key = "servers",
                    .title = "",
                    .columns = {{"server", "server"},
                                {"state", "state"},
                                {"pid", "pid", core::Unit::kId},
                                {"socket", "socket"},
                                {"port", "port", core::Unit::kId}},
                    .rows = {}};
  for (const lab::Server& server : lab.servers()) {
    const bool up = server.pid != 0;
    table.rows.push_back({server.name, up ? "up" : "down",
                          up ? core::Value(server.pid) : core::Value(), server.socket,
                          server.port != 0 ? core::Value(server.port) : core::Value()});
  }
  return table;
}

core::Result describe(const std::string& verb, const lab::Lab& lab) {
  core::Result result{.command = "lab " + verb, .name = lab.name()};
  const bool exists = lab.exists();
  result.metrics.set("state", !exists ? "absent" : lab.running() ? "up" : "down");
  if (!exists) return result;
  const lab::Options made = lab.options();
  result.params.set("fast", made.fast);
  for (const auto& [key, value] : made.settings) result.params.set(key, value);
  result.metrics.set("directory", lab.directory().string());
  core::Object environment;
  for (const lab::Lab::Variable& variable : lab.environment()) {
    environment.set(variable.name, variable.is_file
                                       ? core::Value(core::Object{{"file", variable.value}})
                                       : core::Value(variable.value));
  }
  result.metrics.set("env", std::move(environment));
  result.tables.push_back(server_table(lab));
  return result;
}

void note_versions(Context& context, const lab::Lab& lab) {
  if (!lab.running()) return;
  const pg::Session session(lab.postgres(), "scalectl lab");
  context.note_versions(session.server_version(), redis::Client(lab.redis()).server_version());
}

int up(const Options& options, Context& context) {
  const core::Stopwatch watch;
  lab::Lab lab = chosen_lab(options, context);
  // Without any option, a lab that is there is taken as it was made.
  const lab::Options wanted = lab_options(options);
  const bool started = wanted == lab::Options{}
                           ? lab.up(context.stop(), context.observer())
                           : lab.up(wanted, context.stop(), context.observer());
  core::Result result = describe("up", lab);
  if (!started) result.notes.emplace_back("it was up already");
  if (lab.options().fast) result.notes.emplace_back("fast: no fsync; a crash may lose everything");
  note_versions(context, lab);
  watch.stamp(result);
  return context.emit(std::move(result));
}

int down(const Options& options, Context& context) {
  const core::Stopwatch watch;
  lab::Lab lab = chosen_lab(options, context);
  core::Result result{.command = "lab down", .name = lab.name()};
  const bool removed = lab.down(context.observer());
  result.metrics.set("state", "absent");
  if (!removed) result.notes.emplace_back("there was no such lab");
  watch.stamp(result);
  return context.emit(std::move(result));
}

int status(const Options& options, Context& context) {
  const core::Stopwatch watch;
  const lab::Lab lab = chosen_lab(options, context);
  core::Result result = describe("status", lab);
  if (!lab.running()) {
    result.verdict = core::Verdict::kFail;
    result.notes.push_back(fmt::format("start it with scalectl lab up --name {}", lab.name()));
  }
  const auto labs = lab::list(lab::default_home());
  if (labs.size() > 1) {
    result.notes.push_back(
        fmt::format("the labs in {}: {}", lab::default_home().string(), core::join(labs, ", ")));
  }
  note_versions(context, lab);
  watch.stamp(result);
  return context.emit(std::move(result));
}

int exec(const Options& options, Context& context) {
  lab::Lab lab = chosen_lab(options, context);
  lab.up(context.stop(), context.observer());
  std::vector<std::pair<std::string, std::string>> environment;
  for (const lab::Lab::Variable& variable : lab.environment()) {
    environment.emplace_back(variable.name,
                             variable.is_file ? lab.redis().password : variable.value);
  }
  // So that "lab exec -- scalectl …" finds this very program.
  const auto self = std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
  const std::string path =
      self + ":" + process::environment("PATH").value_or("/usr/local/bin:/usr/bin:/bin");
  environment.emplace_back("PATH", path);
  ::setenv("PATH", path.c_str(), 1);
  process::replace_by(options.command, environment);
}

}  // namespace

void declare_lab(cli::Application& application, Context& context) {
  auto options = std::make_shared<Options>();
  cli::Command lab =
      application.command("lab", "A private PostgreSQL and Redis, for trying things out");
  const auto add = [&](const char* name, const char* summary) {
    cli::Command verb = lab.verb(name, summary);
    verb.option("--name", options->name, "Which lab; several live side by side (default: default)",
                "NAME");
    return verb;
  };

  cli::Command up_verb = add("up", "Make the lab if need be, and start it");
  up_verb
      .option("--port", options->port, "PostgreSQL on 127.0.0.1 too; 0 for any free port", "PORT")
      .option("--redis-port", options->redis_port, "Redis on 127.0.0.1 too; 0 for any free port",
              "PORT")
      .list("--pg", options->settings, "A setting of postgresql.conf", "KEY=VALUE")
      .flag("--fast", options->fast, "No fsync: faster, but a crash may lose everything")
      .flag("--replica", options->replica, "Add a hot standby of the PostgreSQL")
      .flag("--pgbouncer", options->pgbouncer, "Add a PgBouncer in transaction pooling")
      .example("eval \"$(scalectl lab up --format env)\"")
      .example("scalectl lab up --name big --pg shared_buffers=1GB --port 0")
      .action([options, &context] { return up(*options, context); });

  add("down", "Stop the lab and remove all of it")
      .example("scalectl lab down")
      .action([options, &context] { return down(*options, context); });

  add("status", "Tell which of its servers run, and how to reach them")
      .example("scalectl lab status --format json")
      .action([options, &context] { return status(*options, context); });

  add("exec", "Run a program with the lab in its environment (started if need be)")
      .operands("COMMAND", options->command, "The program and its arguments")
      .example("scalectl lab exec -- psql -c 'SELECT version()'")
      .action([options, &context] { return exec(*options, context); });
}

}  // namespace scalectl::tool
