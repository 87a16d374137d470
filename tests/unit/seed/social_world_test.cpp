#include "seed/social_world.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace scalectl::seed {
namespace {

SocialPlan plan_of(std::uint64_t users) {
  return {
      .seed = 7, .users = users, .as_of = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)};
}

const SocialTable& table(std::string_view name) {
  for (const SocialTable& one : social_tables()) {
    if (one.name == name) return one;
  }
  throw std::out_of_range(std::string(name));
}

std::string bytes_of(const SocialTable& of, const SocialPlan& plan, std::uint64_t row) {
  pg::CopyBuffer buffer;
  of.make_row(plan, row, buffer);
  return std::string(buffer.bytes());
}

/// The int8 that field `field` of a row of pairs is: each field is preceded by four bytes of
/// length.
std::int64_t int8_at(const std::string& row, std::size_t field) {
  std::int64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    value = value << 8 | static_cast<unsigned char>(row[2 + field * 12 + 4 + i]);
  }
  return value;
}

TEST(SocialWorld, Rows_ArePureFunctionsOfPlanAndRow) {
  const SocialPlan plan = plan_of(100);
  SocialPlan other = plan;
  other.seed = 8;
  for (const SocialTable& one : social_tables()) {
    EXPECT_EQ(bytes_of(one, plan, 17), bytes_of(one, plan, 17)) << one.name;
    EXPECT_NE(bytes_of(one, plan, 17), bytes_of(one, plan, 18)) << one.name;
    EXPECT_NE(bytes_of(one, plan, 17), bytes_of(one, other, 17)) << one.name;
  }
}

TEST(SocialWorld, PairsComeOnceAndNobodyFollowsHimself) {
  for (const std::uint64_t users : {2, 3, 11, 50}) {
    const SocialPlan plan = plan_of(users);
    for (const char* name : {"follows", "likes"}) {
      std::set<std::pair<std::int64_t, std::int64_t>> pairs;
      const std::uint64_t rows = table(name).rows(plan);
      for (std::uint64_t row = 0; row < rows; ++row) {
        const std::string bytes = bytes_of(table(name), plan, row);
        const std::pair pair{int8_at(bytes, 0), int8_at(bytes, 1)};
        EXPECT_TRUE(pairs.insert(pair).second) << name << " " << users << " " << row;
        EXPECT_GE(pair.first, 1);
        EXPECT_LE(pair.first, static_cast<std::int64_t>(users));
        EXPECT_TRUE(std::string(name) == "likes" || pair.first != pair.second);
      }
    }
  }
}

TEST(SocialWorld, NobodyWritesToHimself) {
  const SocialPlan plan = plan_of(2);
  for (std::uint64_t row = 0; row < 100; ++row) {
    const std::string bytes = bytes_of(table("messages"), plan, row);
    EXPECT_NE(int8_at(bytes, 1), int8_at(bytes, 2));
  }
}

}  // namespace
}  // namespace scalectl::seed
