// db migrate --layout and tick run --trigger through the binary.
#include <gmock/gmock.h>

#include <csignal>

#include "core/text.hpp"
#include "support/e2e.hpp"
#include "support/json.hpp"
#include "support/running.hpp"

namespace scalectl::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class Migrate : public OnDatabase {
 protected:
  Outcome to(const std::string& layout, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{"db", "migrate", "game", "--layout", layout};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return scalectl(arguments);
  }
};

TEST_F(Migrate, ToEveryLayout_TellsWhatItDid) {
  seed("2000");
  for (const std::string layout : {"hot", "epoch", "seed"}) {
    const Outcome outcome = to(layout, {"--format", "json"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    const core::Value result = json(outcome.out);
    EXPECT_THAT(violations(result), IsEmpty());
    EXPECT_EQ(text_at(result, "metrics.layout_after"), layout);
    EXPECT_GT(integer_at(result, "metrics.size_before_bytes"), 0);
  }
  EXPECT_THAT(to("seed").out, HasSubstr("already seed: nothing to do"));
}

TEST_F(Migrate, AllTicksOnTheEpochLayout_RunEachInTheFormThatItAllows) {
  seed("200");
  ASSERT_EQ(to("epoch").code, 0);
  const Outcome outcome = scalectl({"tick", "run", "--all", "--format", "json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  for (const std::string& line : core::split(std::string(core::trim(outcome.out)), '\n')) {
    const core::Value result = json(line);
    const std::string name = text_at(result, "name");
    EXPECT_EQ(text_at(result, "params.strategy"), name == "stamina" ? "epoch" : "set") << name;
  }
  EXPECT_EQ(cell("SELECT epoch FROM regen_epoch"), "1");
  for (const std::string strategy : {"set", "epoch"}) {
    const Outcome refused = scalectl({"tick", "run", "--all", "--strategy", strategy});
    EXPECT_TRUE(is_refusal(refused, 2));
    EXPECT_THAT(refused.err, HasSubstr("leave --strategy out"));
  }
}

TEST_F(Migrate, WrongUse_IsRefused) {
  EXPECT_TRUE(is_refusal(scalectl({"db", "migrate", "game"}), 2));
  EXPECT_TRUE(is_refusal(to("hott"), 2));
  EXPECT_THAT(to("hott").err, HasSubstr("hot"));
  EXPECT_TRUE(is_refusal(to("hot", {"--batch", "0"}), 2));
  EXPECT_TRUE(is_refusal(scalectl({"db", "migrate", "social", "--layout", "hot"}), 2));
  EXPECT_TRUE(is_refusal(to("hot", {"--schema", "nowhere"}), 2));
}

TEST_F(Migrate, KilledMidway_GoesOnWhenRunAgain) {
  seed("30000", {"--only", "locations,players"});
  const std::string before = cell("SELECT sum(stamina) || ' ' || count(*) FROM players");
  Running first({"db", "migrate", "game", "--layout", "hot", "--batch", "200"}, environment());
  EXPECT_TRUE(eventually([&] {
    return cell(
               "SELECT count(*) > 5000 FROM players WHERE xmin <> '2'::xid AND ctid >="
               " format('(%s,0)', (SELECT relpages FROM pg_class WHERE oid = "
               "'players'::regclass))::tid") == "t";
  }));
  first.signal(SIGKILL);
  first.wait();
  EXPECT_TRUE(eventually([&] {  // its server process notices
    return cell(
               "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
               "   AND pid <> pg_backend_pid() AND application_name LIKE 'scalectl%'") == "0";
  }));
  const Outcome second = to("hot", {"--format", "json"});
  EXPECT_EQ(second.code, 0) << second.err;
  EXPECT_GT(integer_at(json(second.out), "metrics.rows_moved"), 0);
  EXPECT_LT(integer_at(json(second.out), "metrics.rows_moved"), 11000);
  EXPECT_EQ(cell("SELECT sum(stamina) || ' ' || count(*) FROM players"), before);
  EXPECT_THAT(to("hot").out, HasSubstr("already hot"));
}

TEST_F(Migrate, CombatTrigger_IsInstalledAndRemoved) {
  seed("200", {"--combats", "150"});
  const Outcome installed = scalectl(
      {"tick", "run", "combat", "--trigger", "install", "--idle", "1m", "--format", "json"});
  EXPECT_EQ(installed.code, 0) << installed.err;
  EXPECT_THAT(violations(json(installed.out)), IsEmpty());
  EXPECT_EQ(cell("SELECT count(*) FROM pg_trigger WHERE tgname = 'auto_timeout_combat'"), "1");
  EXPECT_EQ(scalectl({"tick", "run", "combat", "--trigger", "remove"}).code, 0);
  EXPECT_EQ(cell("SELECT count(*) FROM pg_trigger WHERE tgname = 'auto_timeout_combat'"), "0");
  EXPECT_TRUE(is_refusal(scalectl({"tick", "run", "combat", "--trigger", "keep"}), 2));
  EXPECT_TRUE(is_refusal(scalectl({"tick", "run", "decay", "--trigger", "install"}), 2));
  EXPECT_TRUE(is_refusal(scalectl({"tick", "run", "--all", "--trigger", "install"}), 2));
}

}  // namespace
}  // namespace scalectl::test
