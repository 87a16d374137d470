#include "seed/game_world.hpp"

#include <gmock/gmock.h>

#include <map>
#include <regex>
#include <set>

#include "seed/game.hpp"
#include "support/thrown.hpp"

namespace scalectl::seed {
namespace {

using test::error_of;

constexpr std::chrono::sys_days kAsOf = std::chrono::year(2026) / 1 / 2;
constexpr std::int64_t kAsOfMicros =
    std::chrono::microseconds(kAsOf - std::chrono::sys_days(std::chrono::year(2000) / 1 / 1))
        .count();

GamePlan plan() {
  return {.seed = 42,
          .dead_ratio = 0.05,
          .as_of = kAsOf,
          .players = {.rows = 2000},
          .inventory = {.rows = 6000},
          .combats = {.rows = 500},
          .dropped = {.rows = 1000},
          .effects = {.rows = 5000},
          .enemies = {.rows = 400}};
}

/// A row read back from its bytes: integers and times as numbers, texts as texts.
struct Row {
  std::map<std::string, std::int64_t, std::less<>> numbers;
  std::map<std::string, std::string, std::less<>> texts;

  std::int64_t number(std::string_view name) const { return numbers.find(name)->second; }
  const std::string& text(std::string_view name) const { return texts.find(name)->second; }
};

std::uint64_t take(std::string_view& bytes, std::size_t length) {
  std::uint64_t value = 0;
  for (const char c : bytes.substr(0, length)) value = value << 8 | static_cast<unsigned char>(c);
  bytes.remove_prefix(length);
  return value;
}

const TableSpec& table(std::string_view name) {
  for (const TableSpec& spec : game_tables()) {
    if (spec.name == name) return spec;
  }
  throw std::out_of_range(std::string(name));
}

Row read(const TableSpec& spec, std::string_view bytes) {
  static const std::map<std::string_view, std::size_t> kLengths{
      {"boolean", 1}, {"integer", 4}, {"real", 4}, {"bigint", 8}, {"timestamp with time zone", 8}};
  Row row;
  EXPECT_EQ(take(bytes, 2), spec.columns.size());
  for (const ColumnSpec& column : spec.columns) {
    const std::uint64_t length = take(bytes, 4);
    if (column.type == "text") {
      row.texts[std::string(column.name)] = bytes.substr(0, length);
      bytes.remove_prefix(length);
      continue;
    }
    EXPECT_EQ(length, kLengths.at(column.type)) << column.name;
    const std::uint64_t value = take(bytes, length);
    row.numbers[std::string(column.name)] =
        length == 4 ? static_cast<std::int32_t>(value) : static_cast<std::int64_t>(value);
  }
  EXPECT_EQ(bytes, "");
  return row;
}

std::string bytes_of(const TableSpec& spec, const GamePlan& plan, std::uint64_t row) {
  pg::CopyBuffer buffer;
  spec.make_row(plan, row, buffer);
  return std::string(buffer.bytes());
}

std::vector<Row> rows_of(std::string_view name, const GamePlan& plan) {
  const TableSpec& spec = table(name);
  const std::uint64_t count = spec.share == nullptr ? spec.fixed_rows : (plan.*spec.share).rows;
  std::vector<Row> rows;
  for (std::uint64_t i = 0; i < count; ++i) rows.push_back(read(spec, bytes_of(spec, plan, i)));
  return rows;
}

bool is_in(std::int64_t value, std::int64_t low, std::int64_t high) {
  return low <= value && value <= high;
}

/// Texts of column `name`, all different.
std::set<std::string> keys_of(std::string_view table_name, std::string_view name) {
  std::set<std::string> keys;
  for (const Row& row : rows_of(table_name, plan())) {
    EXPECT_TRUE(keys.insert(row.text(name)).second) << row.text(name);
  }
  return keys;
}

TEST(GameWorld, Row_IsAFunctionOfPlanAndRowAlone) {
  for (const TableSpec& spec : game_tables()) {
    const std::string seventh = bytes_of(spec, plan(), 7);
    bytes_of(spec, plan(), 8);
    EXPECT_EQ(bytes_of(spec, plan(), 7), seventh) << spec.name;
    EXPECT_NE(bytes_of(spec, plan(), 8), seventh) << spec.name;
  }
}

TEST(GameWorld, OtherSeed_OtherRowsButTheSameIds) {
  GamePlan other = plan();
  other.seed = 43;
  const TableSpec& spec = table("players");
  EXPECT_NE(bytes_of(spec, plan(), 7), bytes_of(spec, other, 7));
  EXPECT_EQ(read(spec, bytes_of(spec, other, 7)).number("player_id"), 8);
}

TEST(GameWorld, PlayerOfALaterRun_IsThatOfOneRun) {
  GamePlan later = plan();
  later.players.first_id = 101;
  const TableSpec& spec = table("players");
  EXPECT_EQ(bytes_of(spec, later, 0), bytes_of(spec, plan(), 100));
}

TEST(GameWorld, EveryTable_ComesAfterThoseItRefersTo) {
  std::vector<std::string> names;
  for (const TableSpec& spec : game_tables()) names.emplace_back(spec.name);
  EXPECT_THAT(names,
              testing::ElementsAre("locations", "items", "players", "inventory", "active_combats",
                                   "dropped_items", "status_effects", "wandering_enemies"));
}

// The CHECK and UNIQUE constraints below are those of sql/schema/game/001_world.sql.

TEST(GameWorld, LocationsAndItems_KeepTheSchemasConstraints) {
  const std::regex id("[a-z0-9_]{1,64}");
  EXPECT_EQ(keys_of("locations", "location_id").size(), kLocations);
  for (const Row& row : rows_of("locations", plan())) {
    EXPECT_TRUE(std::regex_match(row.text("location_id"), id)) << row.text("location_id");
    EXPECT_NE(row.text("name"), "");
    EXPECT_TRUE(is_in(row.number("danger_level"), 0, 10));
  }
  const std::set<std::string> kinds{"weapon", "armor", "tool", "food", "material"};
  EXPECT_EQ(keys_of("items", "item_id").size(), kItems);
  for (const Row& row : rows_of("items", plan())) {
    EXPECT_TRUE(std::regex_match(row.text("item_id"), id)) << row.text("item_id");
    EXPECT_EQ(kinds.count(row.text("kind")), 1U) << row.text("kind");
    EXPECT_GT(row.number("weight_g"), 0);
    EXPECT_TRUE(is_in(row.number("tier"), 1, 5));
  }
}

TEST(GameWorld, Players_KeepTheSchemasConstraints) {
  const std::set<std::string> locations = keys_of("locations", "location_id");
  std::set<std::int64_t> telegram_ids;
  for (const Row& row : rows_of("players", plan())) {
    telegram_ids.insert(row.number("telegram_id"));
    EXPECT_TRUE(is_in(static_cast<std::int64_t>(row.text("name").size()), 1, 64));
    EXPECT_EQ(locations.count(row.text("location_id")), 1U);
    EXPECT_GE(row.number("level"), 1);
    EXPECT_GE(row.number("xp"), 0);
    EXPECT_GE(row.number("endurance"), 0);
    EXPECT_TRUE(is_in(row.number("hp"), 0, row.number("max_hp")));
    EXPECT_TRUE(is_in(row.number("stamina"), 0, row.number("max_stamina")));
    EXPECT_EQ(row.number("is_dead") == 1, row.number("hp") == 0);
    EXPECT_LE(row.number("created_at"), row.number("last_seen_at"));
    EXPECT_LE(row.number("last_seen_at"), kAsOfMicros);
  }
  EXPECT_EQ(telegram_ids.size(), plan().players.rows);
}

TEST(GameWorld, DeadRatio_IsAboutWhatWasAsked) {
  GamePlan asked = plan();
  asked.players.rows = 10'000;
  for (const double ratio : {0.0, 0.05, 0.5, 1.0}) {
    asked.dead_ratio = ratio;
    double dead = 0;
    for (const Row& row : rows_of("players", asked))
      dead += static_cast<double>(row.number("is_dead"));
    EXPECT_NEAR(dead / 10'000, ratio, 5 * std::sqrt(ratio * (1 - ratio) / 10'000)) << ratio;
  }
}

/// True if all pairs (player, other) of the rows are different, and every player is of the plan.
template <typename Other>
bool are_unique(const std::vector<Row>& rows, const Other& other) {
  std::set<std::pair<std::int64_t, std::string>> pairs;
  for (const Row& row : rows) {
    EXPECT_TRUE(is_in(row.number("player_id"), 1, 2000));
    pairs.emplace(row.number("player_id"), other(row));
  }
  return pairs.size() == rows.size();
}

TEST(GameWorld, Inventory_KeepsTheSchemasConstraints) {
  GamePlan full = plan();
  full.players.rows = 20;
  full.inventory.rows = 20 * kItems;  // everybody has everything: the most there can be
  const std::set<std::string> items = keys_of("items", "item_id");
  const auto rows = rows_of("inventory", full);
  for (const Row& row : rows) {
    EXPECT_EQ(items.count(row.text("item_id")), 1U);
    EXPECT_GT(row.number("quantity"), 0);
  }
  EXPECT_TRUE(are_unique(rows, [](const Row& row) { return row.text("item_id"); }));
}

TEST(GameWorld, Combats_KeepTheSchemasConstraints) {
  GamePlan full = plan();
  full.combats.rows = full.players.rows;  // everybody fights: the most there can be
  const auto rows = rows_of("active_combats", full);
  for (const Row& row : rows) {
    EXPECT_NE(row.text("npc"), "");
    EXPECT_GE(row.number("npc_hp"), 0);
    EXPECT_TRUE(row.text("turn") == "player" || row.text("turn") == "npc");
    EXPECT_GE(row.number("turn_number"), 1);
    EXPECT_LE(row.number("started_at"), row.number("turn_started_at"));
    EXPECT_LE(row.number("turn_started_at"), kAsOfMicros);
  }
  EXPECT_TRUE(are_unique(rows, [](const Row&) { return ""; }));
}

TEST(GameWorld, DroppedItems_KeepTheSchemasConstraints) {
  const std::set<std::string> items = keys_of("items", "item_id");
  const std::set<std::string> locations = keys_of("locations", "location_id");
  for (const Row& row : rows_of("dropped_items", plan())) {
    EXPECT_EQ(items.count(row.text("item_id")), 1U);
    EXPECT_EQ(locations.count(row.text("location_id")), 1U);
    EXPECT_GT(row.number("quantity"), 0);
    EXPECT_LE(row.number("dropped_at"), kAsOfMicros);
  }
}

TEST(GameWorld, StatusEffects_KeepTheSchemasConstraints) {
  const std::set<std::string> effects{"bleeding", "burning", "poisoned", "regenerating"};
  for (const std::uint64_t count : {200U, 5000U, 8000U}) {  // below one each, in between, all four
    GamePlan some = plan();
    some.effects.rows = count;
    const auto rows = rows_of("status_effects", some);
    for (const Row& row : rows) {
      EXPECT_EQ(effects.count(row.text("effect")), 1U);
      EXPECT_NE(row.number("hp_per_tick"), 0);
      EXPECT_GT(row.number("ticks_remaining"), 0);
    }
    EXPECT_TRUE(are_unique(rows, [](const Row& row) { return row.text("effect"); })) << count;
  }
}

TEST(GameWorld, WanderingEnemies_KeepTheSchemasConstraintsAndTheRuleOfTheTick) {
  std::map<std::string, std::int64_t> danger;
  for (const Row& row : rows_of("locations", plan())) {
    danger[row.text("location_id")] = row.number("danger_level");
  }
  const auto rows = rows_of("wandering_enemies", plan());
  ASSERT_FALSE(rows.empty());
  for (const Row& row : rows) {
    const std::int64_t level = danger.at(row.text("location_id"));
    EXPECT_GT(level, 0);
    EXPECT_TRUE(is_in(row.number("level"), level * 10 - 9, level * 10));
    EXPECT_NE(row.text("npc"), "");
    EXPECT_LE(row.number("spawned_at"), kAsOfMicros);
    EXPECT_GT(row.number("despawns_at"), row.number("spawned_at"));
  }
}

TEST(CheckSeed, MoreThanThereCanBe_IsRefused) {
  const std::pair<GameOptions, const char*> cases[] = {
      {{.players = 0}, "--players 0 is too few"},
      {{.players = 10'000'000'001}, "--players 10,000,000,001 is too many"},
      {{.players = 10, .inventory = 601}, "--inventory 601 is too many"},
      {{.players = 10, .combats = 11}, "--combats 11 is too many"},
      {{.players = 10, .dropped = 10'000'000'001}, "--dropped 10,000,000,001 is too many"},
      {{.players = 10, .effects = 41}, "--effects 41 is too many"},
      {{.only = {"plyers"}}, "--only: the game has no table \"plyers\""}};
  for (const auto& [options, message] : cases) {
    const core::Error error = error_of([&] { check(options); });
    EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
    EXPECT_EQ(error.message(), message);
  }
}

TEST(CheckSeed, AsMuchAsThereCanBe_IsAccepted) {
  EXPECT_NO_THROW(check({.players = 10, .inventory = 600, .combats = 10, .effects = 40}));
}

}  // namespace
}  // namespace scalectl::seed
