// What end-to-end tests have in common: a database of their own, the binary pointed at it, and the
// rule that every refusal keeps.
#pragma once

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "support/command.hpp"
#include "support/database.hpp"

namespace scalectl::test {

/// The rule for everything that goes wrong: exit code `code`, nothing on stdout, and on stderr one
/// line that ends in a hint.
testing::AssertionResult is_refusal(const Outcome& outcome, int code);

/// Tests that run the binary on a database of their own.
class OnDatabase : public testing::Test {
 protected:
  /// Runs the binary with DATABASE_URL naming the database.
  Outcome scalectl(const std::vector<std::string>& arguments, Environment more = {}) const;
  Environment environment() const { return {{"DATABASE_URL", database_.dsn()}}; }
  /// db init game, and as many players with what belongs to them.
  void seed(const std::string& players = "200", const std::vector<std::string>& more = {});

  std::string cell(const std::string& query) { return scalar(session_, query); }
  void sql(const std::string& statement) { session_.query(statement); }
  /// Every table, index and row of the database in one text: equal texts, nothing was changed.
  std::string everything();

  Database database_;
  pg::Session session_ = database_.connect();
};

}  // namespace scalectl::test
