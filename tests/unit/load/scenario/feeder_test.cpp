#include "load/scenario/feeder.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "support/thrown.hpp"

namespace scalectl::load::scenario {
namespace {

using test::error_of;
using testing::ElementsAre;
using testing::HasSubstr;

FeederData of(std::size_t rows, FeederOrder order, const std::string& name = "f") {
  FeederData data{.name = name, .order = order, .columns = {"n"}};
  for (std::size_t i = 0; i < rows; ++i) data.rows.push_back({{.text = std::to_string(i)}});
  return data;
}

std::vector<std::size_t> draws(const FeederData& data, std::uint64_t seed, std::uint64_t from,
                               std::uint64_t to) {
  std::vector<std::size_t> rows;
  for (std::uint64_t i = from; i < to; ++i) rows.push_back(data.row(seed, i).value());
  return rows;
}

TEST(Feeder, Unique_GivesEachRowOnce) {
  const FeederData data = of(3, FeederOrder::kUnique);
  EXPECT_THAT(draws(data, 1, 0, 3), ElementsAre(0, 1, 2));
  EXPECT_EQ(data.row(1, 3), std::nullopt);
}

TEST(Feeder, Circular_BeginsAgain) {
  EXPECT_THAT(draws(of(3, FeederOrder::kCircular), 1, 2, 7), ElementsAre(2, 0, 1, 2, 0));
}

TEST(Feeder, Shuffled_GivesEveryRowOnceInEachRound) {
  for (const std::size_t size : {1, 2, 3, 5, 64, 1000}) {
    const FeederData data = of(size, FeederOrder::kShuffled);
    for (std::uint64_t round = 0; round < 4; ++round) {
      const auto rows = draws(data, 9, round * size, (round + 1) * size);
      EXPECT_EQ(std::set<std::size_t>(rows.begin(), rows.end()).size(), size);
      EXPECT_EQ(*std::max_element(rows.begin(), rows.end()), size - 1);
    }
  }
}

TEST(Feeder, Shuffled_DependsOnSeedRoundAndNameAlone) {
  const FeederData data = of(100, FeederOrder::kShuffled);
  const auto first = draws(data, 1, 0, 100);
  EXPECT_EQ(draws(data, 1, 0, 100), first);
  EXPECT_NE(draws(data, 2, 0, 100), first);
  EXPECT_NE(draws(data, 1, 100, 200), first);
  EXPECT_NE(draws(of(100, FeederOrder::kShuffled, "g"), 1, 0, 100), first);
  EXPECT_FALSE(std::is_sorted(first.begin(), first.end()));
}

TEST(Feeder, Shuffled_PutsEveryRowEverywhereAlike) {
  // 6000 rounds of 3: each of the 6 orders about 1000 times; 5 standard deviations are 145.
  const FeederData data = of(3, FeederOrder::kShuffled);
  std::map<std::vector<std::size_t>, int> orders;
  for (std::uint64_t round = 0; round < 6000; ++round) {
    ++orders[draws(data, 5, round * 3, round * 3 + 3)];
  }
  ASSERT_EQ(orders.size(), 6U);
  for (const auto& [order, count] : orders) EXPECT_NEAR(count, 1000, 145);
}

TEST(ReadFeeder, Csv_IsReadAsRfc4180HasIt) {
  const FeederData data = read_feeder(
      "x.csv", "\xEF\xBB\xBFname, town,note\r\nann,\"Ulm, D\",\"a \"\"b\"\"\nc\"\r\nbob,,x");
  EXPECT_THAT(data.columns, ElementsAre("name", "town", "note"));
  ASSERT_EQ(data.rows.size(), 2U);
  EXPECT_THAT(data.rows[0],
              ElementsAre(Variable{"ann"}, Variable{"Ulm, D"}, Variable{"a \"b\"\nc"}));
  EXPECT_THAT(data.rows[1], ElementsAre(Variable{"bob"}, Variable{""}, Variable{"x"}));
}

TEST(ReadFeeder, Json_KeepsWhatIsNoText) {
  const FeederData data = read_feeder(
      "x.json", "[{\"id\": 1, \"name\": \"ann\"}, // first\n {\"name\": \"1\", \"id\": [2]}]");
  EXPECT_THAT(data.columns, ElementsAre("id", "name"));
  EXPECT_THAT(data.rows[0], ElementsAre(Variable{"1", true}, Variable{"ann"}));
  EXPECT_THAT(data.rows[1], ElementsAre(Variable{"[2]", true}, Variable{"1"}));
}

TEST(ReadFeeder, Mistakes_AreRefusedWithTheirPlace) {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {"x.csv", "", "x.csv:1:1: the file is empty"},
      {"x.csv", "name\n", "x.csv:1:1: there is no row"},
      {"x.csv", "a,b\n1,2\n3\n", "x.csv:3:1: values in this row: 1, columns: 2"},
      {"x.csv", "a,b\n1,2,3\n", "x.csv:2:5: values in this row: 3, columns: 2"},
      {"x.csv", "a,,b\n1,2,3\n", "x.csv:1:3: column 2 has no name"},
      {"x.csv", "a,a\n1,2\n", "x.csv:1:3: two columns are called \"a\""},
      {"x.csv", "a\n\"b\nc", "x.csv:2:1: a quote that is not closed"},
      {"x.csv", "a\nx\"y\"\n", "x.csv:2:2: a quote amid a field"},
      {"x.csv", "a\n\"x\"y\n", "x.csv:2:4: text after a closing quote"},
      {"x.json", "[]", "x.json:1:1: there is no row"},
      {"x.json", "{}", "x.json:1:1: an object where a list of rows is expected"},
      {"x.json", "[1]", "x.json:1:2: a number where a row is expected"},
      {"x.json", "[{}]", "x.json:1:2: a row without members"},
      {"x.json", "[{\"a\":1},\n {\"b\":2}]", "x.json:2:3: \"b\" is not in the first row"},
      {"x.json", "[{\"a\":1},\n {}]", "x.json:2:2: a row without \"a\""},
      {"x.json", "[", "x.json:1:2: not valid JSON"},
      {"x.txt", "a\n1\n", "\"x.txt\" is neither .csv nor .json"}};
  for (const auto& [file, text, says] : cases) {
    const core::Error error = error_of([&, f = file, t = text] { read_feeder(f, t); });
    EXPECT_EQ(error.kind(), core::ErrorKind::kUsage) << text;
    EXPECT_THAT(error.message(), HasSubstr(says)) << text;
    EXPECT_NE(error.hint(), "") << text;
  }
}

}  // namespace
}  // namespace scalectl::load::scenario
