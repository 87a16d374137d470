// Context: what every command shares: the global options, the way to the servers, the catalog, and
// the way out for results.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "cli/application.hpp"
#include "cli/terminal.hpp"
#include "core/error.hpp"
#include "core/result.hpp"
#include "lab/lab.hpp"
#include "pg/session.hpp"
#include "process/signals.hpp"

namespace scalectl::tool {

inline constexpr const char* kVersion = SCALECTL_VERSION;

class Context {
 public:
  /// `arguments` are looked at early for --sql-dir: the ticks of that directory have options.
  Context(process::Signals& signals, const std::vector<std::string>& arguments);

  void declare_globals(cli::Application& application);

  /// Connects to the PostgreSQL that --lab, --dsn or the environment names.
  pg::Session connect(const cli::Application& application) {
    return connect(postgres(), application);
  }
  pg::Session connect(const pg::Target& target, const cli::Application& application);
  /// The PostgreSQL itself, for what makes its own connections.
  pg::Target postgres();
  /// The Redis that --lab, --redis or the environment names.
  redis::Target redis();
  /// The embedded catalog, with --sql-dir laid over it.
  const catalog::Catalog& catalog();
  core::Observer& observer();
  std::stop_token stop() const { return signals_.token(); }
  const std::string& format() const { return format_.value; }
  /// The lab that --lab names.
  const std::optional<std::string>& lab() const { return lab_; }

  /// Shows results where and how the global options say; the exit code that they mean.
  int emit(std::vector<core::Result> results);
  int emit(core::Result result) { return emit(std::vector<core::Result>{std::move(result)}); }
  /// Writes `result`, as it stands while the command goes on, into the file of -o where there is
  /// one. Throws Error (usage) where that cannot be written.
  void keep(core::Result result);
  /// Remembers which servers' versions belong into the results.
  void note_versions(std::optional<std::string> postgres, std::optional<std::string> redis);

  /// Reports what stopped the program; the exit code that it means.
  int report(const core::Error& error);

 private:
  /// Refuses an output that emit() could not write: nothing has been done yet.
  void check_output(const std::string& command);
  core::Environment environment() const;
  /// The running lab that --lab names.
  lab::Lab running_lab();

  process::Signals& signals_;
  cli::Terminal terminal_;
  std::optional<catalog::Catalog> catalog_;
  std::optional<std::string> dsn_;
  std::optional<std::string> redis_;
  std::optional<std::string> lab_;
  cli::Choice format_;
  std::optional<std::string> output_;
  std::optional<std::string> sql_dir_;
  bool quiet_ = false;
  bool verbose_ = false;
  bool no_color_ = false;
  std::optional<std::string> postgres_version_;
  std::optional<std::string> redis_version_;
};

}  // namespace scalectl::tool
