// The social network: its tables, its rows, and the pack that serves seed 004's queries.
#include "seed/social.hpp"

#include <gmock/gmock.h>

#include "index/engine.hpp"
#include "support/game.hpp"
#include "support/stopper.hpp"
#include "support/thrown.hpp"

namespace scalectl {
namespace {

using core::Verdict;
using test::column;
using test::metric;
using testing::Each;

const char* const kTables[] = {"users", "posts",    "jobs",     "follows",
                               "likes", "comments", "messages", "notifications"};

struct Social : test::GameTest {
  Social() { schema::init(session, catalog, {.family = "social", .version = "test"}, recorder); }
  core::Result seed(seed::SocialOptions options) {
    return seed::seed_social(session, options, recorder);
  }
  std::vector<std::string> all() {
    std::vector<std::string> digests;
    for (const char* table : kTables) digests.push_back(test::digest(session, table));
    return digests;
  }
};

TEST_F(Social, SameSeed_GivesTheSameRowsWhateverTheWorkers) {
  EXPECT_EQ(metric(seed({.users = 500, .workers = 1}), "rows"), "15600");
  const auto one = all();
  seed({.users = 500, .workers = 8, .existing = seed::Existing::kReplace});
  EXPECT_EQ(all(), one);
  seed({.users = 500, .seed = 43, .existing = seed::Existing::kReplace});
  EXPECT_NE(all(), one);
  EXPECT_EQ(scalar("SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND convalidated"
                   "   AND connamespace <> 'scalectl'::regnamespace"),
            "11");
}

TEST_F(Social, Append_AddsPeopleWithRowsOfTheirOwn) {
  seed({.users = 100});
  seed({.users = 50, .existing = seed::Existing::kAppend});
  EXPECT_EQ(scalar("SELECT count(*) FROM users"), "150");
  EXPECT_EQ(scalar("SELECT count(*) FROM follows WHERE (follower_id > 100) <> (followed_id > 100)"),
            "0");
  session.query(
      "INSERT INTO users (email, password_hash, name, location)"
      " VALUES ('a@b', 'x', 'x', 'x')");  // the identity goes on after the last row
  EXPECT_EQ(test::error_of([&] { seed({.users = 10}); }).kind(), core::ErrorKind::kUsage);
}

TEST_F(Social, TooFewPeople_AreRefused) {
  EXPECT_EQ(test::error_of([&] { seed({.users = 1}); }).kind(), core::ErrorKind::kUsage);
  seed({.users = 2});
}

TEST_F(Social, Pack_ServesEveryQueryWithinTheSeedsFigures) {
  seed({.users = 3000});
  const index::Pack pack = index::load(catalog, "social");
  index::apply(session, pack, {}, recorder);
  const core::Result result = index::verify(session, pack, {}, {.runs = 10}, recorder);
  EXPECT_EQ(metric(result, "used"), std::to_string(pack.indexes.size()));
  // Which of them are over a limit of milliseconds is for tools/bench to say: here is only that all
  // of seed 004's figures are measured and shown.
  const auto& targets = result.tables.at(1);
  EXPECT_EQ(targets.key, "targets");
  EXPECT_EQ(targets.rows.size(), 8U);
  EXPECT_THAT(column(result, "seed_before", 1), Each(testing::HasSubstr("ms")));
}

TEST_F(Social, Price_MeasuresEveryWrite) {
  seed({.users = 2500});
  const index::Pack pack = index::load(catalog, "social");
  const core::Result result = index::price(
      session, pack, {}, {.writes = index::load_writes(catalog, "social"), .rounds = 1}, recorder);
  EXPECT_THAT(column(result, "write"),
              testing::IsSupersetOf({"\"login\"", "\"like\"", "\"message\"", "\"read_messages\""}));
  EXPECT_THAT(metric(result, "harmful"), testing::Not(testing::HasSubstr("login")));
}

}  // namespace
}  // namespace scalectl
