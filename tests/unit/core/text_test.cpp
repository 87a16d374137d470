#include "core/text.hpp"

#include <gmock/gmock.h>

namespace scalectl::core {
namespace {

using testing::ElementsAre;

TEST(Trim, TakesWhiteSpaceFromBothEnds) {
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim(" \n\t"), "");
}

TEST(Split, KeepsEmptyParts) {
  EXPECT_THAT(split("a,,b,", ','), ElementsAre("a", "", "b", ""));
  EXPECT_THAT(split("", ','), ElementsAre(""));
}

TEST(Join, PutsTheSeparatorBetween) {
  EXPECT_EQ(join({"a", "b", "c"}, ", "), "a, b, c");
  EXPECT_EQ(join({}, ", "), "");
}

TEST(Fill, KnownNames_AreReplacedAndOthersStay) {
  EXPECT_EQ(fill("{rows} rows in {elapsed}s {else} {", {{"rows", "7"}, {"elapsed", "0.12"}}),
            "7 rows in 0.12s {else} {");
}

TEST(Fill, ReplacedText_IsNotFilledAgain) {
  EXPECT_EQ(fill("{a}", {{"a", "{b}"}, {"b", "wrong"}}), "{b}");
}

TEST(Grouped, CommaStandsBeforeEveryThirdDigit) {
  EXPECT_EQ(grouped(std::int64_t{0}), "0");
  EXPECT_EQ(grouped(std::int64_t{999}), "999");
  EXPECT_EQ(grouped(std::int64_t{1000}), "1,000");
  EXPECT_EQ(grouped(std::int64_t{-1234567}), "-1,234,567");
}

TEST(Grouped, OutermostNumbers_AreWhole) {
  EXPECT_EQ(grouped(INT64_MIN), "-9,223,372,036,854,775,808");
  EXPECT_EQ(grouped(UINT64_MAX), "18,446,744,073,709,551,615");
}

TEST(Closest, OneSlip_FindsTheWord) {
  const std::vector<std::string> words{"players", "--format", "--warn-after"};
  for (const char* slip : {"player", "playres", "pleyers", "players", "plaayers"}) {
    EXPECT_EQ(closest(slip, words), "players") << slip;
  }
  EXPECT_EQ(closest("--warn-aftr", words), "--warn-after");
}

TEST(Closest, TwoLettersSwapped_AreOneSlip) { EXPECT_EQ(closest("rnu", {"run"}), "run"); }

TEST(Closest, OfSeveral_IsTheNearest) { EXPECT_EQ(closest("stat", {"start", "stats"}), "start"); }

TEST(Closest, NothingNear_IsEmpty) {
  EXPECT_EQ(closest("xyzzy", {"players", "items"}), "");
  EXPECT_EQ(closest("xyzzy", {}), "");
}

TEST(DidYouMean, NearWord_IsAsked) {
  EXPECT_EQ(did_you_mean("playrs", {"players"}), "did you mean \"players\"?");
}

TEST(DidYouMean, NothingNear_GivesTheOtherHint) {
  EXPECT_EQ(did_you_mean("xyzzy", {"players"}, "there are: players"), "there are: players");
}

}  // namespace
}  // namespace scalectl::core
