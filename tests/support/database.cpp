#include "support/database.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "pg/identifier.hpp"

namespace scalectl::test {
namespace {

constexpr const char* kName = "scalectl test";

}  // namespace

lab::Lab shared_lab() {
  const char* name = std::getenv("SCALECTL_TEST_LAB");
  return lab::Lab(SCALECTL_TEST_LAB_HOME, name == nullptr ? "test" : name);
}

Database::Database() {
  static int made = 0;
  name_ = fmt::format("test_{}_{}", getpid(), ++made);
  pg::Session(shared_lab().postgres(), kName)
      .query("CREATE DATABASE " + pg::quote_identifier(name_));
}

Database::~Database() {
  pg::Session(shared_lab().postgres(), kName)
      .query("DROP DATABASE IF EXISTS " + pg::quote_identifier(name_) + " WITH (FORCE)");
}

pg::Target Database::target() const { return pg::with_database(shared_lab().postgres(), name_); }

pg::Session Database::connect(std::stop_token stop) const {
  return pg::Session(target(), kName, std::move(stop));
}

std::string scalar(pg::Session& session, const std::string& sql) {
  return session.query(sql).at(0, 0).value_or("");
}

}  // namespace scalectl::test
