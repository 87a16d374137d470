#include "support/e2e.hpp"

#include <algorithm>
#include <stdexcept>

namespace scalectl::test {

testing::AssertionResult is_refusal(const Outcome& outcome, int code) {
  const auto fail = [&](const std::string& why) {
    return testing::AssertionFailure()
           << why << "\nexit " << outcome.code << "\nstdout: " << outcome.out
           << "\nstderr: " << outcome.err;
  };
  if (outcome.code != code) return fail("expected exit " + std::to_string(code));
  if (!outcome.out.empty()) return fail("expected nothing on stdout");
  if (std::count(outcome.err.begin(), outcome.err.end(), '\n') != 1 ||
      !outcome.err.starts_with("ERROR - ")) {
    return fail("expected one line of error on stderr");
  }
  if (outcome.err.find(" — hint: ") == std::string::npos) return fail("expected a hint");
  return testing::AssertionSuccess();
}

Outcome OnDatabase::scalectl(const std::vector<std::string>& arguments, Environment more) const {
  more.emplace_back("DATABASE_URL", database_.dsn());
  return test::scalectl(arguments, more);
}

void OnDatabase::seed(const std::string& players, const std::vector<std::string>& more) {
  std::vector<std::string> arguments{"seed", "game", "--players", players};
  arguments.insert(arguments.end(), more.begin(), more.end());
  for (const auto& command : {std::vector<std::string>{"db", "init", "game"}, arguments}) {
    const Outcome outcome = scalectl(command);
    if (outcome.code != 0) throw std::runtime_error("cannot seed: " + outcome.err);
  }
}

std::string OnDatabase::everything() {
  std::string text;
  const pg::Rows relations = session_.query(
      "SELECT c.oid::regclass::text AS name, c.relkind IN ('r', 'p') AS is_table"
      "  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
      " WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' ORDER BY 1");
  for (std::size_t i = 0; i < relations.size(); ++i) {
    const std::string name = relations.text(i, "name");
    text += name + "\n";
    if (relations.boolean(i, "is_table")) {
      text +=
          cell(
              "SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, ',' ORDER BY t::text)),"
              " '') FROM " +
              name + " AS t") +
          "\n";
    }
  }
  return text;
}

}  // namespace scalectl::test
