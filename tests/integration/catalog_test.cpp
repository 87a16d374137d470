// Every entry of the catalog on a real server: a new file is tested the moment it lands.
#include <gmock/gmock.h>

#include "index/engine.hpp"
#include "support/game.hpp"
#include "tick/run.hpp"

namespace scalectl {
namespace {

using test::metric;
using testing::IsEmpty;
using testing::Not;

struct CatalogEntries : test::GameTest {
  void init_families() {
    for (const std::string& family : catalog.folders("sql/schema")) {
      schema::init(session, catalog, {.family = family, .version = "test"}, recorder);
    }
  }
  void run_every_tick_twice() {
    int runs = 0;
    for (const tick::Definition& tick : tick::load_all(catalog)) {
      for (const tick::Strategy strategy : {tick::Strategy::kSet, tick::Strategy::kRows}) {
        if (strategy == tick::Strategy::kRows && !tick.rows) continue;
        for (int round = 0; round < 2; ++round, ++runs) {
          const core::Result result = tick::run(session, tick, {.strategy = strategy}, recorder);
          EXPECT_EQ(result.verdict, core::Verdict::kPass) << tick.name;
        }
      }
    }
    EXPECT_EQ(scalar("SELECT count(*) FROM scalectl.tick_runs"), std::to_string(runs));
    EXPECT_GE(runs, 16);
  }
  std::string indexes() {
    return test::digest(session, "(SELECT indexname, indexdef FROM pg_indexes)");
  }
};

TEST_F(CatalogEntries, EverySchemaFamily_ComesUpAndIsWhole) {
  init_families();
  for (const std::string& family : catalog.folders("sql/schema")) {
    const core::Result result = schema::status(session, catalog, {.family = family});
    EXPECT_EQ(result.verdict, core::Verdict::kPass) << family;
    std::size_t declared = 0;
    for (const schema::Migration& migration : schema::load(catalog, family)) {
      declared += migration.tables.size();
    }
    EXPECT_THAT(declared, testing::Gt(0u)) << family;
    EXPECT_EQ(result.tables[1].rows.size(), declared) << family;
  }
}

TEST_F(CatalogEntries, EveryTick_RunsTwiceOnEmptyTables) {
  init_families();
  run_every_tick_twice();
}

TEST_F(CatalogEntries, EveryTick_RunsTwiceOnSeededTables) {
  init_families();
  seed({.players = 200, .combats = 100});
  run_every_tick_twice();
}

TEST_F(CatalogEntries, EveryIndexPack_GoesUpDownAndUpAgain) {
  init_families();
  seed({.players = 200});
  const std::string bare = indexes();
  const std::vector<index::Pack> packs = index::load_all(catalog);
  EXPECT_THAT(packs, Not(IsEmpty()));
  for (const index::Pack& pack : packs) {
    const std::string all = std::to_string(pack.indexes.size());
    const pg::Naming naming(std::nullopt, {}, pack.prefix);
    EXPECT_EQ(metric(index::apply(session, pack, naming, recorder), "created"), all) << pack.name;
    const std::string up = indexes();
    EXPECT_EQ(metric(index::drop(session, pack, naming, recorder), "dropped"), all) << pack.name;
    EXPECT_EQ(indexes(), bare) << pack.name;
    EXPECT_EQ(metric(index::apply(session, pack, naming, recorder), "created"), all) << pack.name;
    EXPECT_EQ(indexes(), up) << pack.name;
    index::drop(session, pack, naming, recorder);
  }
}

}  // namespace
}  // namespace scalectl
