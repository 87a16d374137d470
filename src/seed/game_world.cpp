#include "seed/game_world.hpp"

#include <algorithm>
#include <array>

#include "core/rng.hpp"

namespace scalectl::seed {
namespace {

using core::Rng;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using Time = std::chrono::sys_time<microseconds>;

/// Streams of the generator: one for each use, so that their numbers are independent.
enum Stream : std::uint64_t {
  kPlayers = 1,
  kInventory,
  kCombats,
  kDropped,
  kStatusEffects,
  kDeaths,
  kFirstEffects,
  kEnemies,
};

constexpr std::array<std::string_view, 10> kPlaceAdjectives{
    "old", "burnt", "flooded", "quiet", "broken", "hidden", "rusty", "northern", "windy", "lost"};
constexpr std::array<std::string_view, 10> kPlaces{"overpass", "gas_station", "ruins",  "market",
                                                   "harbour",  "subway",      "clinic", "quarry",
                                                   "farm",     "tower"};
constexpr std::array<std::string_view, 6> kMaterials{"iron", "oak",    "leather",
                                                     "bone", "copper", "glass"};
constexpr std::array<std::string_view, 10> kThings{"sword", "club",   "vest",  "helmet", "axe",
                                                   "rope",  "ration", "flask", "ingot",  "shard"};
constexpr std::array<std::string_view, 10> kKinds{
    "weapon", "weapon", "armor", "armor", "tool", "tool", "food", "food", "material", "material"};
constexpr std::array<std::string_view, 16> kFirstNames{
    "Mara", "Teo",  "Ilse", "Bram", "Noor", "Finn", "Asta", "Juno",
    "Otto", "Lena", "Ravi", "Zoe",  "Kai",  "Edda", "Milo", "Uma"};
constexpr std::array<std::string_view, 16> kLastNames{
    "Quill",  "Harrow", "Vance", "Stone", "Marsh", "Locke", "Reyes", "Brandt",
    "Okafor", "Lund",   "Sato",  "Crane", "Novak", "Ash",   "Pike",  "Wren"};
constexpr std::array<std::string_view, 8> kNpcs{"raider", "feral dog", "scavenger", "mutant rat",
                                                "drone",  "bandit",    "wolf",      "sentinel"};
constexpr std::array<std::string_view, kEffects> kEffectNames{"bleeding", "burning", "poisoned",
                                                              "regenerating"};
constexpr std::array<std::int32_t, kEffects> kEffectHp{-2, -4, -1, 3};

constexpr std::uint64_t kDangerLevels = 11;  // 0 to 10; where there is none, nobody wanders about

template <std::size_t N>
std::string_view pick(const std::array<std::string_view, N>& words, Rng& rng) {
  return words[rng.below(N)];
}

std::string location_id(std::uint64_t n) {
  return std::string(kPlaceAdjectives[n / 10 % 10]) + "_" + std::string(kPlaces[n % 10]);
}

std::string item_id(std::uint64_t n) {
  return std::string(kMaterials[n / 10 % 6]) + "_" + std::string(kThings[n % 10]);
}

/// "iron_sword" → "Iron sword".
std::string title_of(std::string id) {
  std::replace(id.begin(), id.end(), '_', ' ');
  id[0] = static_cast<char>(id[0] - 'a' + 'A');
  return id;
}

/// Players gather: a quarter of the locations holds half of them.
std::uint64_t popular_location(Rng& rng) {
  const double u = rng.unit();
  return static_cast<std::uint64_t>(u * u * static_cast<double>(kLocations));
}

Time before(Time as_of, Rng& rng, microseconds range) {
  return as_of - microseconds(rng.between(0, range.count()));
}

bool is_dead(const GamePlan& plan, std::int64_t player_id) {
  return Rng(plan.seed, kDeaths, static_cast<std::uint64_t>(player_id)).chance(plan.dead_ratio);
}

/// The player that row `row` of `rows` belongs to; all different as long as rows ≤ players. Each
/// row has a stretch of players of its own, and takes the first living one.
std::int64_t spread_over_players(const GamePlan& plan, std::uint64_t row, std::uint64_t rows) {
  const auto first_of = [&](std::uint64_t r) {
    const auto wide = static_cast<unsigned __int128>(r) * plan.players.rows / rows;
    return plan.players.first_id + static_cast<std::int64_t>(wide);
  };
  const std::int64_t first = first_of(row);
  const std::int64_t end = first_of(row + 1);
  std::int64_t player_id = first;
  while (player_id < end && is_dead(plan, player_id)) ++player_id;
  return player_id < end ? player_id : first;
}

void location(const GamePlan& /*plan*/, std::uint64_t row, pg::CopyBuffer& out) {
  const std::string id = location_id(row);
  out.begin_row(5);
  out.text(id);
  out.text(title_of(id));
  out.int4(static_cast<std::int32_t>(row % kDangerLevels));
  out.float4(static_cast<float>(row % 10));
  out.float4(static_cast<float>(row / 10));
}

void item(const GamePlan& /*plan*/, std::uint64_t row, pg::CopyBuffer& out) {
  const std::string id = item_id(row);
  out.begin_row(5);
  out.text(id);
  out.text(title_of(id));
  out.text(kKinds[row % 10]);
  out.int4(static_cast<std::int32_t>(100 + row * 37 % 4900));
  out.int4(static_cast<std::int32_t>(1 + row / 10 % 5));
}

void player(const GamePlan& plan, std::uint64_t row, pg::CopyBuffer& out) {
  const std::int64_t id = plan.players.first_id + static_cast<std::int64_t>(row);
  Rng rng(plan.seed, kPlayers, static_cast<std::uint64_t>(id));
  const double talent = rng.unit();
  const auto level = static_cast<std::int32_t>(1 + talent * talent * 59);  // most are beginners
  const auto endurance = static_cast<std::int32_t>(rng.between(0, 30));
  const std::int32_t max_hp = 100 + level * 5;
  const std::int32_t max_stamina = 50 + endurance * 5;
  const bool dead = is_dead(plan, id);
  const Time created = before(plan.as_of, rng, days(730));
  const std::string name =
      std::string(pick(kFirstNames, rng)) + " " + std::string(pick(kLastNames, rng));

  out.begin_row(14);
  out.int8(id);
  out.int8(100'000'000 + id * 7 + rng.between(0, 6));  // unique: seven numbers to each player
  out.text(name);
  out.text(location_id(popular_location(rng)));
  out.int4(level);
  out.int8(std::int64_t{level} * level * 100 + rng.between(0, 99));
  out.int4(dead ? 0 : static_cast<std::int32_t>(rng.between(1, max_hp)));
  out.int4(max_hp);
  out.int4(static_cast<std::int32_t>(rng.between(0, max_stamina / 2)));
  out.int4(max_stamina);
  out.int4(endurance);
  out.boolean(dead);
  out.timestamp(created);
  out.timestamp(before(plan.as_of, rng, std::min<microseconds>(plan.as_of - created, days(7))));
}

void inventory(const GamePlan& plan, std::uint64_t row, pg::CopyBuffer& out) {
  const auto owner = row % plan.players.rows;
  const auto slot = row / plan.players.rows;  // a player's items differ: each slot is one further
  const std::int64_t id = plan.inventory.first_id + static_cast<std::int64_t>(row);
  Rng rng(plan.seed, kInventory, static_cast<std::uint64_t>(id));
  const std::int64_t player_id = plan.players.first_id + static_cast<std::int64_t>(owner);
  out.begin_row(4);
  out.int8(id);
  out.int8(player_id);
  out.text(item_id((static_cast<std::uint64_t>(player_id) * 13 + slot) % kItems));
  out.int4(static_cast<std::int32_t>(rng.between(1, 20)));
}

void combat(const GamePlan& plan, std::uint64_t row, pg::CopyBuffer& out) {
  const std::int64_t id = plan.combats.first_id + static_cast<std::int64_t>(row);
  Rng rng(plan.seed, kCombats, static_cast<std::uint64_t>(id));
  const auto turns = static_cast<std::int32_t>(rng.between(1, 20));
  const Time turn_started = before(plan.as_of, rng, minutes(10));
  out.begin_row(8);
  out.int8(id);
  out.int8(spread_over_players(plan, row, plan.combats.rows));
  out.text(pick(kNpcs, rng));
  out.int4(static_cast<std::int32_t>(rng.between(1, 300)));
  out.text(rng.chance(0.5) ? "player" : "npc");
  out.int4(turns);
  out.timestamp(turn_started);
  out.timestamp(turn_started - minutes(turns));
}

void dropped(const GamePlan& plan, std::uint64_t row, pg::CopyBuffer& out) {
  const std::int64_t id = plan.dropped.first_id + static_cast<std::int64_t>(row);
  Rng rng(plan.seed, kDropped, static_cast<std::uint64_t>(id));
  out.begin_row(5);
  out.int8(id);
  out.text(item_id(rng.below(kItems)));
  out.text(location_id(popular_location(rng)));
  out.int4(static_cast<std::int32_t>(rng.between(1, 5)));
  out.timestamp(before(plan.as_of, rng, hours(2)));
}

void status_effect(const GamePlan& plan, std::uint64_t row, pg::CopyBuffer& out) {
  const std::int64_t id = plan.effects.first_id + static_cast<std::int64_t>(row);
  Rng rng(plan.seed, kStatusEffects, static_cast<std::uint64_t>(id));
  // Up to one effect for each player they are spread out; beyond that, the second kind begins.
  const std::uint64_t round = row / plan.players.rows;
  const std::uint64_t in_round =
      std::min(plan.players.rows, plan.effects.rows - round * plan.players.rows);
  const std::int64_t player_id = spread_over_players(plan, row % plan.players.rows, in_round);
  Rng of_player(plan.seed, kFirstEffects, static_cast<std::uint64_t>(player_id));
  const std::uint64_t kind = (of_player.below(kEffects) + round) % kEffects;
  out.begin_row(6);
  out.int8(id);
  out.int8(player_id);
  out.text(kEffectNames[kind]);
  out.int4(kEffectHp[kind]);
  out.int4(static_cast<std::int32_t>(rng.between(1, 10)));
  out.timestamp(before(plan.as_of, rng, minutes(10)));
}

void wandering_enemy(const GamePlan& plan, std::uint64_t row, pg::CopyBuffer& out) {
  const std::int64_t id = plan.enemies.first_id + static_cast<std::int64_t>(row);
  Rng rng(plan.seed, kEnemies, static_cast<std::uint64_t>(id));
  const std::uint64_t any = rng.below(kLocations);
  const std::uint64_t place = any % kDangerLevels == 0 ? any / kDangerLevels + 1 : any;
  const Time spawned = before(plan.as_of, rng, minutes(20));
  out.begin_row(6);
  out.int8(id);
  out.text(location_id(place));
  out.text(pick(kNpcs, rng));
  out.int4(static_cast<std::int32_t>(place % kDangerLevels * 10 - rng.below(10)));
  out.timestamp(spawned);
  out.timestamp(spawned + minutes(10));
}

constexpr std::string_view kTime = "timestamp with time zone";

}  // namespace

const std::vector<TableSpec>& game_tables() {
  static const std::vector<TableSpec> tables{
      {.name = "locations",
       .key = "",
       .columns = {{"location_id", "text"},
                   {"name", "text"},
                   {"danger_level", "integer"},
                   {"x", "real"},
                   {"y", "real"}},
       .share = nullptr,
       .fixed_rows = kLocations,
       .make_row = location},
      {.name = "items",
       .key = "",
       .columns = {{"item_id", "text"},
                   {"name", "text"},
                   {"kind", "text"},
                   {"weight_g", "integer"},
                   {"tier", "integer"}},
       .share = nullptr,
       .fixed_rows = kItems,
       .make_row = item},
      {.name = "players",
       .key = "player_id",
       .columns = {{"player_id", "bigint"},
                   {"telegram_id", "bigint"},
                   {"name", "text"},
                   {"location_id", "text"},
                   {"level", "integer"},
                   {"xp", "bigint"},
                   {"hp", "integer"},
                   {"max_hp", "integer"},
                   {"stamina", "integer"},
                   {"max_stamina", "integer"},
                   {"endurance", "integer"},
                   {"is_dead", "boolean"},
                   {"created_at", kTime},
                   {"last_seen_at", kTime}},
       .share = &GamePlan::players,
       .fixed_rows = 0,
       .make_row = player},
      {.name = "inventory",
       .key = "inventory_id",
       .columns = {{"inventory_id", "bigint"},
                   {"player_id", "bigint"},
                   {"item_id", "text"},
                   {"quantity", "integer"}},
       .share = &GamePlan::inventory,
       .fixed_rows = 0,
       .make_row = inventory},
      {.name = "active_combats",
       .key = "combat_id",
       .columns = {{"combat_id", "bigint"},
                   {"player_id", "bigint"},
                   {"npc", "text"},
                   {"npc_hp", "integer"},
                   {"turn", "text"},
                   {"turn_number", "integer"},
                   {"turn_started_at", kTime},
                   {"started_at", kTime}},
       .share = &GamePlan::combats,
       .fixed_rows = 0,
       .make_row = combat},
      {.name = "dropped_items",
       .key = "dropped_item_id",
       .columns = {{"dropped_item_id", "bigint"},
                   {"item_id", "text"},
                   {"location_id", "text"},
                   {"quantity", "integer"},
                   {"dropped_at", kTime}},
       .share = &GamePlan::dropped,
       .fixed_rows = 0,
       .make_row = dropped},
      {.name = "status_effects",
       .key = "effect_id",
       .columns = {{"effect_id", "bigint"},
                   {"player_id", "bigint"},
                   {"effect", "text"},
                   {"hp_per_tick", "integer"},
                   {"ticks_remaining", "integer"},
                   {"applied_at", kTime}},
       .share = &GamePlan::effects,
       .fixed_rows = 0,
       .make_row = status_effect},
      {.name = "wandering_enemies",
       .key = "enemy_id",
       .columns = {{"enemy_id", "bigint"},
                   {"location_id", "text"},
                   {"npc", "text"},
                   {"level", "integer"},
                   {"spawned_at", kTime},
                   {"despawns_at", kTime}},
       .share = &GamePlan::enemies,
       .fixed_rows = 0,
       .make_row = wandering_enemy},
  };
  return tables;
}

}  // namespace scalectl::seed
