#include "index/estimate.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace scalectl::index {
namespace {

constexpr double kAllDiffer = std::numeric_limits<double>::infinity();

double pages(double rows, const Keys& keys) {
  return static_cast<double>(btree_bytes(rows, keys)) / 8192;
}

// Measured (pg_relation_size, PostgreSQL 15): a b-tree on a bigint column of 1,000,000 different
// values has 2,745 pages, one on 100,000 has 276.
TEST(BtreeBytes, OfABigint_IsNearWhatPostgresqlMakes) {
  EXPECT_NEAR(pages(1e6, {8, 1e6}), 2745, 2745 * 0.03);
  EXPECT_NEAR(pages(1e5, {8, 1e5}), 276, 276 * 0.03);
}

// Measured in the same way, of 1,000,000 rows, by how many values are different.
TEST(BtreeBytes, OfEqualKeys_StoresThemOnce) {
  EXPECT_NEAR(pages(1e6, {8, 500'000}), 2475, 2475 * 0.05);
  EXPECT_NEAR(pages(1e6, {8, 523'000}), 2408, 2408 * 0.05);  // drawn at random
  EXPECT_NEAR(pages(1e6, {8, 333'333}), 2006, 2006 * 0.05);
  EXPECT_NEAR(pages(1e6, {8, 100'000}), 1157, 1157 * 0.05);
  EXPECT_NEAR(pages(1e6, {8, 1'000}), 896, 896 * 0.1);
  EXPECT_NEAR(pages(1e6, {33, 300'000}), 3156, 3156 * 0.05);  // text
  EXPECT_NEAR(pages(1e6, {33, 1'000}), 901, 901 * 0.1);
}

TEST(BtreeBytes, KeysOfWhichNothingIsShared_AreAllStored) {
  EXPECT_EQ(pages(1e5, {8, kAllDiffer}), pages(1e5, {8, 1e5}));
}

TEST(BtreeBytes, OfNothing_IsAPageOrTwo) {
  EXPECT_LE(btree_bytes(0, {8, 0}), 2 * 8192);
  EXPECT_LE(btree_bytes(0, {8, kAllDiffer}), 2 * 8192);
}

TEST(BtreeBytes, WiderKeys_TakeMore) {
  EXPECT_GT(btree_bytes(1e5, {40, 1e5}), btree_bytes(1e5, {8, 1e5}) * 2);
}

}  // namespace
}  // namespace scalectl::index
