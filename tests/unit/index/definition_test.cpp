#include "index/definition.hpp"

#include <gmock/gmock.h>

namespace scalectl::index {
namespace {

TEST(TakeApart, WholeForm_IsReadInFull) {
  const Shape shape = take_apart(
      "UNIQUE btree (lower(a), b DESC) INCLUDE (c) WITH (fillfactor='50') WHERE (d > 0)");
  EXPECT_TRUE(shape.unique);
  EXPECT_EQ(shape.method, "btree");
  EXPECT_EQ(shape.keys, "lower(a), b DESC");
  EXPECT_EQ(shape.rest, " INCLUDE (c) WITH (fillfactor='50')");
  EXPECT_EQ(shape.predicate, "(d > 0)");
}

TEST(TakeApart, ParenthesesInStringsAndNames_CloseNothing) {
  const Shape shape = take_apart("gin (to_tsvector('en)'::regconfig, (\"a)b\" || ' '::text)))");
  EXPECT_FALSE(shape.unique);
  EXPECT_EQ(shape.keys, "to_tsvector('en)'::regconfig, (\"a)b\" || ' '::text))");
  EXPECT_EQ(shape.predicate, "");
}

// Seed 002: two of its eight indexes write "most_recent = true" where Tasker's own write
// "most_recent".
TEST(Overlap, SameKeyAndPredicateInOtherWords_IsADuplicate) {
  EXPECT_EQ(overlap("btree (task_id, most_recent) WHERE (most_recent = true)",
                    "UNIQUE btree (task_id, most_recent) WHERE most_recent"),
            Overlap::kDuplicate);
  EXPECT_EQ(overlap("btree (a) WHERE (b = false)", "btree (a) WHERE (NOT b)"), Overlap::kDuplicate);
}

TEST(Overlap, UniqueIndex_IsNotReplacedByAnOrdinaryOne) {
  EXPECT_EQ(overlap("UNIQUE btree (a)", "btree (a)"), Overlap::kNone);
  EXPECT_EQ(overlap("UNIQUE btree (a)", "btree (a, b)"), Overlap::kNone);
}

TEST(Overlap, KeyThatAnotherOneBeginsWith_IsCovered) {
  EXPECT_EQ(overlap("btree (a)", "btree (a, b)"), Overlap::kCovered);
  EXPECT_EQ(overlap("btree (a)", "btree (a) INCLUDE (b)"), Overlap::kCovered);
  EXPECT_EQ(overlap("btree (a, b)", "btree (a)"), Overlap::kNone);
  EXPECT_EQ(overlap("btree (a)", "btree (ab, c)"), Overlap::kNone);
  EXPECT_EQ(overlap("btree (a) INCLUDE (b)", "btree (a, c)"), Overlap::kNone);
}

TEST(Overlap, OtherMethodOrPredicate_IsNone) {
  EXPECT_EQ(overlap("btree (a)", "hash (a)"), Overlap::kNone);
  EXPECT_EQ(overlap("btree (a)", "btree (a) WHERE b"), Overlap::kNone);
  EXPECT_EQ(overlap("gin (a)", "gin (a, b)"), Overlap::kNone);
}

}  // namespace
}  // namespace scalectl::index
