#include "index/estimate.hpp"

#include <gtest/gtest.h>

namespace scalectl::index {
namespace {

// Measured: a b-tree on a bigint column of 1,000,000 different values has 2,745 pages in PostgreSQL
// 15 (pg_relation_size), one on 100,000 has 276.
TEST(BtreeBytes, OfABigint_IsNearWhatPostgresqlMakes) {
  const auto pages = [](double rows) { return static_cast<double>(btree_bytes(rows, 8)) / 8192; };
  EXPECT_NEAR(pages(1e6), 2745, 2745 * 0.03);
  EXPECT_NEAR(pages(1e5), 276, 276 * 0.03);
}

TEST(BtreeBytes, OfNothing_IsAPageOrTwo) { EXPECT_LE(btree_bytes(0, 8), 2 * 8192); }

TEST(BtreeBytes, WiderKeys_TakeMore) { EXPECT_GT(btree_bytes(1e5, 40), btree_bytes(1e5, 8) * 2); }

}  // namespace
}  // namespace scalectl::index
