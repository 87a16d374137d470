#include "story/bench_databases.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "pg/identifier.hpp"

namespace scalectl::story {

using core::Error;
using core::ErrorKind;

BenchDatabases::BenchDatabases(const pg::Target& admin, std::string application,
                               std::vector<std::string> names, std::stop_token stop)
    : admin_(admin),
      application_(std::move(application)),
      names_(std::move(names)),
      stop_(std::move(stop)),
      session_(admin, application_, stop_) {
  if (!session_.query("SELECT pg_try_advisory_lock(7020375) AS ours").boolean(0, "ours")) {
    throw Error(ErrorKind::kBusy, "another bench runs on this server", "wait until it is done");
  }
  drop_all();
}

BenchDatabases::~BenchDatabases() {
  try {
    pg::Session cleaner(admin_, application_);  // the other one's stop token may have fired
    session_ = std::move(cleaner);
    drop_all();
  } catch (const Error&) {
    // The lab goes too, or the next run drops them.
  }
}

void BenchDatabases::create(const std::string& name) {
  session_.query("CREATE DATABASE " + pg::quote_identifier(name));
}

void BenchDatabases::copy(const std::string& from, const std::string& to, bool big) {
  const bool by_file =
      big && session_.query("SELECT current_setting('server_version_num')::int >= 150000 AS can")
                 .boolean(0, "can");
  session_.query(fmt::format("CREATE DATABASE {} TEMPLATE {}{}", pg::quote_identifier(to),
                             pg::quote_identifier(from), by_file ? " STRATEGY file_copy" : ""));
}

pg::Session BenchDatabases::connect(const std::string& name) const {
  return pg::Session(pg::with_database(admin_, name), application_, stop_);
}

void BenchDatabases::drop(const std::string& name) {
  session_.query(
      fmt::format("DROP DATABASE IF EXISTS {} WITH (FORCE)", pg::quote_identifier(name)));
}

void BenchDatabases::drop_all() {
  for (const std::string& name : names_) drop(name);
}

}  // namespace scalectl::story
