#include "context.hpp"

#include <fmt/format.h>

#include <iostream>

#include "core/text.hpp"
#include "process/files.hpp"
#include "process/host.hpp"
#include "report/report.hpp"

namespace scalectl::tool {
namespace {

using core::Error;
using core::ErrorKind;

/// The value of option `name` among `arguments`, read before the real parser is built.
std::optional<std::string> peek(const std::vector<std::string>& arguments,
                                const std::string& name) {
  for (std::size_t i = 0; i < arguments.size() && arguments[i] != "--"; ++i) {
    if (arguments[i] == name && i + 1 < arguments.size()) return arguments[i + 1];
    if (arguments[i].rfind(name + "=", 0) == 0) return arguments[i].substr(name.size() + 1);
  }
  return std::nullopt;
}

constexpr const char* kDoneAlready = "what the command was to do is done; only its report is lost";

bool all_passed(const std::vector<core::Result>& results) {
  for (const core::Result& result : results) {
    if (result.verdict != core::Verdict::kPass) return false;
  }
  return true;
}

}  // namespace

Context::Context(process::Signals& signals, const std::vector<std::string>& arguments)
    : signals_(signals),
      format_{.value = "text", .allowed = report::formats()},
      sql_dir_(peek(arguments, "--sql-dir")) {
  if (!sql_dir_) sql_dir_ = process::environment("SCALECTL_SQL_DIR");
}

void Context::declare_globals(cli::Application& application) {
  application.before_action([this, &application] { check_output(application.chosen()); });
  application.global()
      .option("--dsn", dsn_,
              "PostgreSQL to use: a URI or key=value pairs (else DATABASE_URL, else "
              "libpq's PGHOST, PGSERVICE, …)",
              "DSN")
      .option("--redis", redis_, "Redis to use (else REDIS_URL, else REDIS_HOST, …)", "URL")
      .flag_or_value("--lab", lab_, "default",
                     "Use a private lab, started if need be; --lab=NAME for one of several")
      .option("--format", format_, "How to show the result: " + core::join(format_.allowed, ", "),
              "FORMAT")
      .option("-o,--output", output_, "Write the result to a file (put in place in one step)",
              "FILE")
      .option("--sql-dir", sql_dir_, "SQL files (ticks/, indexes/, …) over the built-in ones",
              "DIR")
      .flag("-q,--quiet", quiet_, "Say nothing when all is well (for cron)")
      .flag("-v,--verbose", verbose_, "Say more on stderr")
      .flag("--no-color", no_color_, "No colours (NO_COLOR in the environment does the same)");
}

core::Observer& Context::observer() {
  terminal_.configure(quiet_, verbose_, !no_color_);
  return terminal_;
}

const catalog::Catalog& Context::catalog() {
  if (!catalog_) {
    if (sql_dir_) {
      catalog_.emplace(*sql_dir_);
    } else {
      catalog_.emplace();
    }
  }
  return *catalog_;
}

lab::Lab Context::running_lab() {
  lab::Lab lab(lab::default_home(), *lab_);
  if (lab.up(stop(), observer())) {
    observer().info(fmt::format("Lab {0} is up (scalectl lab down --name {0} removes it)", *lab_));
  }
  return lab;
}

pg::Target Context::postgres() {
  if (lab_) {
    if (dsn_) throw core::usage_error("--lab and --dsn contradict each other", "give one of them");
    return running_lab().postgres();
  }
  if (auto target = pg::find_target(dsn_)) return *target;
  throw core::usage_error("no PostgreSQL is named",
                          "give --dsn, set DATABASE_URL (or PGHOST, PGSERVICE, …), or use --lab");
}

redis::Target Context::redis() {
  if (lab_) {
    if (redis_)
      throw core::usage_error("--lab and --redis contradict each other", "give one of them");
    return running_lab().redis();
  }
  if (auto target = redis::find_target(redis_)) return *target;
  throw core::usage_error("no Redis is named",
                          "give --redis, set REDIS_URL (or REDIS_HOST, …), or use --lab");
}

pg::Session Context::connect(const pg::Target& target, const cli::Application& application) {
  std::optional<pg::Session> session;
  {
    const process::Signals::ExitAtOnce at_once(signals_);
    session.emplace(target, "scalectl " + application.chosen(), stop());
  }
  note_versions(session->server_version(), std::nullopt);
  return std::move(*session);
}

void Context::note_versions(std::optional<std::string> postgres, std::optional<std::string> redis) {
  postgres_version_ = std::move(postgres);
  redis_version_ = std::move(redis);
}

void Context::check_output(const std::string& command) {
  // The file that stdout is redirected to must not be replaced under it.
  if (output_ && (*output_ == "-" || *output_ == "/dev/stdout")) output_.reset();
  if (output_) process::require_writable(*output_);
  if (format() == "env" && command != "lab up" && command != "lab status") {
    throw core::usage_error(command + " has no environment to print",
                            "--format env goes with lab up and lab status");
  }
  if (format() == "svg" && command != "tick sweep") {
    throw core::usage_error(command + " has no figure to draw",
                            "--format svg goes with tick sweep");
  }
}

core::Environment Context::environment() const {
  return {.scalectl = kVersion,
          .postgres = postgres_version_,
          .redis = redis_version_,
          .cores = process::cores(),
          .host = process::system_and_machine()};
}

void Context::keep(core::Result result) {
  if (!output_) return;
  result.environment = environment();
  process::write_file(*output_, report::render(format(), {std::move(result)}, {}));
}

int Context::emit(std::vector<core::Result> results) {
  bool interrupted = false;
  for (core::Result& result : results) {
    result.environment = environment();
    interrupted = interrupted || result.interrupted;
  }
  const report::Style style{.color = !output_ && !no_color_ && cli::stdout_takes_color()};
  const std::string text = report::render(format(), results, style);
  if (output_) {
    try {
      process::write_file(*output_, text);
    } catch (const Error& error) {
      throw Error(ErrorKind::kFailed, error.message(), kDoneAlready);
    }
  } else if (!quiet_ || !all_passed(results)) {
    std::cout << text << std::flush;
    if (!std::cout) {
      throw Error(ErrorKind::kFailed, "cannot write the result to stdout", kDoneAlready);
    }
  }
  if (format() == "nagios") return report::nagios_code(results);
  return interrupted ? core::exit_code(signals_.kind()) : core::exit_code(results);
}

int Context::report(const core::Error& error) {
  if (format() == "nagios") {
    const bool down = error.kind() == ErrorKind::kConnection;
    std::cout << "SCALECTL " << (down ? "CRITICAL" : "UNKNOWN") << " - " << error.what() << "\n";
    return down ? 2 : 3;
  }
  terminal_.configure(quiet_, verbose_, !no_color_);
  terminal_.log(core::LogLevel::kError, error.what());
  const bool signalled =
      error.kind() == ErrorKind::kInterrupted || error.kind() == ErrorKind::kTerminated;
  return core::exit_code(signalled ? signals_.kind() : error.kind());
}

}  // namespace scalectl::tool
