// A disk that fills up while seeding.
#include <gmock/gmock.h>

#include <filesystem>
#include <optional>

#include "support/e2e.hpp"
#include "support/json.hpp"
#include "support/lab_home.hpp"

namespace scalectl::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

/// On a server of its own, whose files the tests tamper with.
class DiskFull : public testing::Test {
 protected:
  void start(const std::vector<std::string>& through = {}) {
    std::vector<std::string> argv = through;
    argv.insert(argv.end(), {binary(), "lab", "up", "--fast", "--format", "json"});
    const Outcome up = run(argv, home_.environment());
    ASSERT_EQ(up.code, 0) << up.err;
    dsn_ = text_at(json(up.out), "metrics.env.DATABASE_URL");
    session_.emplace(pg::Target{dsn_}, "scalectl test");
  }
  Outcome seed(const std::string& players, const std::string& how) {
    return home_.scalectl({"seed", "game", "--players", players, how, "--quiet"},
                          {{"DATABASE_URL", dsn_}});
  }
  /// What the tables hold.
  std::string tables() {
    return scalar(
        *session_,
        "SELECT (SELECT md5(string_agg(p::text, ',' ORDER BY player_id)) FROM players AS p)"
        " || (SELECT count(*) FROM inventory)");
  }
  void expect_rolled_back(const Outcome& outcome, const std::string& reason) {
    EXPECT_TRUE(is_refusal(outcome, 5));
    EXPECT_THAT(outcome.err, AllOf(HasSubstr(reason), HasSubstr("the tables are as they were")));
  }

  LabHome home_;
  std::string dsn_;
  std::optional<pg::Session> session_;
};

TEST_F(DiskFull, WhileSeeding_LeavesTheTablesAsTheyWere) {
  ASSERT_NO_FATAL_FAILURE(start());
  ASSERT_EQ(home_.scalectl({"seed", "game", "--players", "200", "--replace", "--inventory", "0"},
                           {{"DATABASE_URL", dsn_}})
                .code,
            0);
  const std::string before = tables();
  // Every write to /dev/full fails for want of space; the players come before the inventory.
  const fs::path file = fs::path(scalar(*session_, "SHOW data_directory")) /
                        scalar(*session_, "SELECT pg_relation_filepath('inventory')");
  const fs::path kept = file.string() + ".kept";
  fs::rename(file, kept);
  fs::create_symlink("/dev/full", file);
  const Outcome outcome = seed("1k", "--append");
  fs::rename(kept, file);
  expect_rolled_back(outcome, "No space left on device");
  EXPECT_THAT(outcome.err, HasSubstr(" — hint: free space"));
  EXPECT_EQ(tables(), before);
}

TEST_F(DiskFull, FileSizeLimit_LeavesTheTablesAsTheyWere) {
  // What any user can do: a server that may write no file above 17 MiB (its log has 16 MiB).
  ASSERT_NO_FATAL_FAILURE(start({"/bin/sh", "-c", "ulimit -f 34816; exec \"$@\"", "sh"}));
  ASSERT_EQ(seed("200", "--replace").code, 0);
  const std::string before = tables();
  expect_rolled_back(seed("200k", "--replace"), "could not extend file");
  EXPECT_EQ(tables(), before);
}

}  // namespace
}  // namespace scalectl::test
