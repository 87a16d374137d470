// What a tick is told of the layout that it runs on, and the trigger variant.
#include <gmock/gmock.h>

#include "pg/identifier.hpp"
#include "pg/relation.hpp"
#include "support/layout.hpp"
#include "support/thrown.hpp"
#include "tick/layout.hpp"
#include "tick/trigger.hpp"

namespace scalectl {
namespace {

using test::error_of;
using test::metric;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct TickLayout : test::LayoutTest {
  TickLayout() { init(); }

  tick::Layout look(const std::string& sql, const std::vector<std::string>& tables) {
    std::vector<pg::Relation> relations;
    for (const std::string& table : tables) relations.push_back(require_relation(session, table));
    pg::Transaction tx = session.begin();
    return tick::look_at_layout(tx, relations, sql);
  }
  tick::Layout stamina() { return look("UPDATE players SET stamina = stamina + 0", {"players"}); }
  std::vector<std::string> harmful(const std::string& sql = "UPDATE players SET stamina = 1") {
    std::vector<std::string> names;
    for (const tick::HarmfulIndex& index : look(sql, {"players"}).indexes)
      names.push_back(index.name);
    return names;
  }
};

TEST_F(TickLayout, IsNamedAsTheMigrationsNameIt) {
  EXPECT_EQ(stamina().name, "seed");
  migrate("hot");
  EXPECT_EQ(stamina().name, "hot");
  EXPECT_EQ(stamina().fillfactor, 50);
  session.query("CREATE INDEX mine ON players (stamina)");
  EXPECT_EQ(stamina().name, "other");
  session.query("DROP INDEX mine; ALTER TABLE players SET (fillfactor = 80)");
  EXPECT_EQ(stamina().name, "other");
  migrate("epoch");
  EXPECT_EQ(stamina().name, "epoch");
  EXPECT_EQ(look("UPDATE regen_epoch SET epoch = epoch + 1", {"regen_epoch"}).name, "epoch");
}

TEST_F(TickLayout, IndexThatNamesTheColumnAnywhere_IsTold) {
  EXPECT_THAT(harmful(), IsEmpty());
  session.query(
      "CREATE INDEX a_key ON players (level, stamina); CREATE INDEX b_include ON players (level)"
      " INCLUDE (stamina); CREATE INDEX c_expression ON players ((stamina + 1));"
      " CREATE INDEX d_predicate ON players (level) WHERE stamina < 5;"
      " CREATE INDEX e_other ON players (max_stamina, level);"
      " ALTER TABLE players ADD CONSTRAINT f_constraint UNIQUE (player_id, stamina)");
  EXPECT_THAT(harmful(),
              ElementsAre("a_key", "b_include", "c_expression", "d_predicate", "f_constraint"));
  EXPECT_THAT(harmful("UPDATE public.players p SET max_stamina = 1, level = 2, name = ''"),
              ElementsAre("a_key", "b_include", "d_predicate", "e_other"));
  EXPECT_THAT(harmful("DELETE FROM players"), IsEmpty());
  const tick::Layout layout = look("UPDATE players SET level = 1, max_stamina = 2", {"players"});
  EXPECT_EQ(layout.indexes.back().name, "e_other");
  EXPECT_EQ(layout.indexes.back().table, "players");
  EXPECT_THAT(layout.indexes.back().columns, ElementsAre("level", "max_stamina"));
}

TEST_F(TickLayout, NamesThatNeedQuotes_AreFound) {
  const std::string schema = pg::quote_identifier(test::kAwkward);
  session.query("CREATE SCHEMA " + schema + "; CREATE TABLE " + schema +
                ".\"T \"\" t\" (\"C \\ \"\" c\" int); CREATE INDEX \"I \"\" i\" ON " + schema +
                ".\"T \"\" t\" (\"C \\ \"\" c\")");
  const std::string table = schema + ".\"T \"\" t\"";
  const tick::Layout layout = look("UPDATE " + table + " SET \"C \\ \"\" c\" = 1", {table});
  ASSERT_EQ(layout.indexes.size(), 1u);
  EXPECT_EQ(layout.indexes[0].name, "I \" i");
  EXPECT_THAT(layout.indexes[0].columns, ElementsAre("C \\ \" c"));
}

TEST_F(TickLayout, DeadRows_AreThoseThatTheTransactionLeavesToo) {
  seed({.players = 500, .dead_ratio = 0});
  const pg::Relation players = pg::require_relation(session, "players");
  pg::Transaction tx = session.begin();
  const std::string sql = "UPDATE players SET stamina = max_stamina";
  tx.query(sql);
  EXPECT_GE(tick::look_at_layout(tx, {players}, sql).dead_rows, 500);
}

struct CombatTrigger : test::LayoutTest {
  CombatTrigger() {
    init();
    seed({.players = 500, .combats = 300});
    session.query(
        "UPDATE active_combats SET turn_started_at = now() - interval '10 min', turn_number = 1");
  }
  core::Result trigger(tick::TriggerAction action, const tick::Options& options = {}) {
    return tick::set_trigger(session, catalog, tick::load(catalog, "combat"), options, action,
                             recorder);
  }
  std::string ended() {
    return scalar("SELECT count(*) FROM active_combats WHERE turn_number > 1");
  }
  void write_a_turn(pg::Session& on) {
    on.query(
        "UPDATE active_combats SET turn_started_at = now(), turn_number = 2 WHERE combat_id ="
        " (SELECT min(combat_id) FROM active_combats)");
  }
};

TEST_F(CombatTrigger, EachWriteOfATurn_EndsAHundredIdleOnes) {
  EXPECT_EQ(metric(trigger(tick::TriggerAction::kInstall), "installed"), "true");
  write_a_turn(session);
  EXPECT_EQ(ended(), "101");
  EXPECT_EQ(scalar("SELECT max(turn_number) FROM active_combats"), "2");  // none twice
  session.query("UPDATE active_combats SET npc_hp = 5");                  // no turn
  EXPECT_EQ(ended(), "101");
  write_a_turn(session);
  write_a_turn(session);
  write_a_turn(session);
  EXPECT_EQ(ended(), "300");
  // The tick finds nothing left, and its own write sets off nothing.
  EXPECT_EQ(metric(tick::run(session, tick::load(catalog, "combat"), {}, recorder), "rows"), "0");
}

TEST_F(CombatTrigger, TurnsThatSomebodyHasLocked_AreLeftAlone) {
  trigger(tick::TriggerAction::kInstall);
  pg::Session other = database.connect();
  pg::Transaction holder = session.begin();
  holder.query("SELECT FROM active_combats ORDER BY combat_id DESC LIMIT 290 FOR UPDATE");
  other.query("SET lock_timeout = '2s'");
  write_a_turn(other);
  holder.commit();
  EXPECT_EQ(ended(), "10");
}

TEST_F(CombatTrigger, InstalledAgain_TakesTheNewParameter) {
  trigger(tick::TriggerAction::kInstall, {.parameters = {{"idle", "1h"}}});
  write_a_turn(session);
  EXPECT_EQ(ended(), "1");
  const core::Result again =
      trigger(tick::TriggerAction::kInstall, {.parameters = {{"idle", "9m"}}});
  EXPECT_EQ(metric(again, "installed_before"), "true");
  EXPECT_EQ(core::to_json(*again.params.find("idle_s")), "540.0");
  write_a_turn(session);
  EXPECT_EQ(ended(), "101");
}

TEST_F(CombatTrigger, Removed_LeavesNoTrace) {
  trigger(tick::TriggerAction::kInstall);
  EXPECT_EQ(metric(trigger(tick::TriggerAction::kRemove), "installed_before"), "true");
  EXPECT_EQ(scalar("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal"), "0");
  EXPECT_EQ(scalar("SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace"),
            "0");
  write_a_turn(session);
  EXPECT_EQ(ended(), "1");
  EXPECT_THAT(trigger(tick::TriggerAction::kRemove).notes,
              ElementsAre("nothing to do: the trigger is not installed"));
}

TEST_F(CombatTrigger, OneOfThatNameThatIsNotOurs_IsLeftAlone) {
  session.query(
      "CREATE FUNCTION theirs() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
      " CREATE TRIGGER auto_timeout_combat AFTER UPDATE ON active_combats EXECUTE FUNCTION "
      "theirs()");
  for (const auto action : {tick::TriggerAction::kInstall, tick::TriggerAction::kRemove}) {
    EXPECT_THAT(error_of([&] { trigger(action); }).message(), HasSubstr("scalectl did not make"));
  }
  EXPECT_EQ(scalar("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal"), "1");
}

TEST_F(CombatTrigger, ElsewhereAndUnderAnotherName_WorksAlike) {
  init(test::kAwkward);
  const std::string in = pg::quote_identifier(test::kAwkward) + ".";
  session.query("ALTER TABLE " + in + "active_combats RENAME TO \"Fights\"");
  const pg::Naming naming(test::kAwkward, {"active_combats=Fights"});
  seed({.players = 200, .combats = 150, .naming = naming});
  session.query("UPDATE " + in +
                "\"Fights\" SET turn_started_at = now() - interval '1 h', turn_number = 1");
  trigger(tick::TriggerAction::kInstall, {.naming = naming});
  session.query("UPDATE " + in +
                "\"Fights\" SET turn_number = 2, turn_started_at = now()"
                " WHERE player_id = (SELECT min(player_id) FROM " +
                in + "\"Fights\")");
  EXPECT_EQ(scalar("SELECT count(*) FROM " + in + "\"Fights\" WHERE turn_number > 1"), "101");
  EXPECT_EQ(ended(), "0");
}

TEST_F(CombatTrigger, TickWithoutATriggerVariant_IsNamed) {
  const core::Error error =
      error_of([&] { tick::check_trigger(catalog, tick::load(catalog, "decay"), {}); });
  EXPECT_EQ(error.message(), "tick decay has no trigger variant");
}

}  // namespace
}  // namespace scalectl
