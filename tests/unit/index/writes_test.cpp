#include "index/writes.hpp"

#include <gmock/gmock.h>

#include "index/pack.hpp"
#include "support/thrown.hpp"

namespace scalectl::index {
namespace {

std::string message_for(const std::string& text) {
  return test::error_of([&] {
           parse_writes({.name = "g", .version = 1, .file = {.path = "w.sql", .text = text}});
         })
      .message();
}

const std::string kHead = "-- writes: g\n-- summary: s\n\n";

TEST(ParseWrites, WrongFiles_AreRefusedAtTheLine) {
  EXPECT_EQ(message_for("-- writes: g\n\n"),
            "w.sql:1: expected \"-- summary: …\" in the front matter");
  EXPECT_EQ(message_for(kHead + "-- @index x\n"), "w.sql:4: unexpected section @index x");
  EXPECT_EQ(message_for(kHead + "-- @write x\n-- why: w\n\nSELECT 1;\n"),
            "w.sql:7: expected tables as :\"name\", and no other placeholder");
}

// Each family whose tables packs index has writes that tell what the indexes cost.
TEST(LoadWrites, EveryFamilyOfAPack_HasSome) {
  const catalog::Catalog catalog;
  for (const Pack& pack : load_all(catalog)) {
    EXPECT_FALSE(load_writes(catalog, pack.family).empty()) << pack.name;
  }
  EXPECT_TRUE(load_writes(catalog, "nobody").empty());
}

TEST(ColumnsSet, OfAnUpdate_AreTheOnesBeforeTheEqualSigns) {
  const catalog::Catalog catalog;
  const std::vector<Write> writes = load_writes(catalog, "game");
  EXPECT_THAT(columns_set(writes[0]), testing::ElementsAre("stamina"));
  EXPECT_THAT(columns_set(writes[1]),
              testing::ElementsAre("turn", "turn_number", "turn_started_at"));
  EXPECT_THAT(columns_set(writes[2]), testing::IsEmpty());  // an INSERT
}

}  // namespace
}  // namespace scalectl::index
