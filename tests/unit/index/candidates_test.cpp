#include "index/candidates.hpp"

#include <gmock/gmock.h>

#include "core/json.hpp"

namespace scalectl::index {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::Not;

const Scanned kUsers{.schema = "public", .table = "users"};
const Scanned kPosts{.schema = "public", .table = "Posts"};
const std::map<Scanned, std::vector<std::string>> kColumns{
    {kUsers, {"id", "email", "age", "is_dead"}}, {kPosts, {"user_id", "at", "odd name"}}};

/// The candidates for a plan whose scan of users has this filter.
std::vector<Candidate> for_filter(const std::string& filter) {
  const core::Object scan{{"Node Type", "Seq Scan"},
                          {"Relation Name", "users"},
                          {"Schema", "public"},
                          {"Alias", "u"},
                          {"Filter", filter}};
  return candidates(core::Object{{"Plan", scan}}, kColumns);
}

Candidate on_users(std::vector<std::string> keys) {
  return {.on = kUsers, .keys = std::move(keys)};
}

TEST(Candidates, EqualityComesBeforeRange) {
  const auto found = for_filter("((u.age > 30) AND ((u.email)::text = 'x'::text))");
  EXPECT_THAT(found, Contains(on_users({"\"email\"", "\"age\""})));
  EXPECT_THAT(found, Contains(on_users({"\"email\""})));
  EXPECT_THAT(found, Contains(on_users({"\"age\""})));
  EXPECT_THAT(found, Not(Contains(on_users({"\"age\"", "\"email\""}))));
}

TEST(Candidates, EachStandsThereOnce) {
  const auto found = for_filter("(u.id = 1)");
  EXPECT_EQ(found, std::vector{on_users({"\"id\""})});
}

TEST(Candidates, ColumnInsideAFunction_IsNotCompared) {
  EXPECT_THAT(for_filter("(lower(u.email) = 'x'::text)"), IsEmpty());
  EXPECT_THAT(for_filter("(other.age = 3)"), IsEmpty());
}

TEST(Candidates, JoinAndSort_GiveKeysOfBothTables) {
  const core::Value plan = core::parse_json(
      R"json([{"Plan":{"Node Type":"Limit","Plans":[{"Node Type":"Sort",
           "Sort Key":["p.at DESC"],"Plans":[
           {"Node Type":"Hash Join","Hash Cond":"(p.user_id = u.id)","Plans":[
            {"Node Type":"Seq Scan","Relation Name":"Posts","Schema":"public","Alias":"p",
             "Filter":"(p.\"odd name\" = 3)"},
            {"Node Type":"Seq Scan","Relation Name":"users","Schema":"public","Alias":"u"}]}]}]}}])json",
      "a plan");
  const auto found = candidates(plan.if_array()->front(), kColumns);
  EXPECT_THAT(found, Contains(on_users({"\"id\""})));
  EXPECT_THAT(found, Contains(Candidate{.on = kPosts,
                                        .keys = {"\"user_id\"", "\"odd name\"", "\"at\" DESC"}}));
  EXPECT_THAT(found, Contains(Candidate{.on = kPosts, .keys = {"\"at\" DESC"}}));
}

TEST(ScannedTables, AreKnownByTheirAliases) {
  const core::Value plan = core::parse_json(
      R"json({"Plan":{"Node Type":"ModifyTable","Relation Name":"users","Schema":"public",
          "Alias":"users","Plans":[{"Node Type":"Seq Scan","Relation Name":"users",
          "Schema":"public","Alias":"x"}]}})json",
      "a plan");
  const auto tables = scanned_tables(plan);
  ASSERT_EQ(tables.size(), 1U);
  EXPECT_EQ(tables.at("x"), kUsers);
}

}  // namespace
}  // namespace scalectl::index
