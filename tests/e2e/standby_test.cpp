// The binary on a standby: it looks, and writes nothing.
#include <gmock/gmock.h>

#include "support/e2e.hpp"
#include "support/running.hpp"

namespace scalectl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Standby : public OnDatabase {
 protected:
  std::string dsn() const {
    return pg::with_database(shared_lab().replica(), database_.name()).conninfo;
  }
  Outcome on_standby(const std::vector<std::string>& command) const {
    return test::scalectl(command, {{"DATABASE_URL", dsn()}});
  }
  /// Waits until the standby has all that the primary has.
  void catch_up() {
    const std::string position = cell("SELECT pg_current_wal_lsn()::text");
    ASSERT_TRUE(eventually(
        [&] {
          pg::Session standby(shared_lab().replica(), "scalectl test");
          return scalar(standby, "SELECT pg_last_wal_replay_lsn() >= '" + position + "'") == "t";
        },
        std::chrono::minutes(2)));
  }
};

TEST_F(Standby, EmptyDatabase_RefusesWrites) {
  catch_up();
  for (const auto& command : std::vector<std::vector<std::string>>{{"db", "init", "game"},
                                                                   {"seed", "game"},
                                                                   {"tick", "run", "stamina"},
                                                                   {"index", "apply", "game"}}) {
    const Outcome outcome = on_standby(command);
    EXPECT_TRUE(is_refusal(outcome, 3)) << command[0];
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("read-only"), HasSubstr("connect to the primary")));
  }
  EXPECT_EQ(everything(), "");
}

TEST_F(Standby, SeededDatabase_RefusesWritesAndStaysAsItWas) {
  seed("50");
  const std::string before = everything();
  catch_up();
  for (const auto& command :
       std::vector<std::vector<std::string>>{{"seed", "game", "--players", "10", "--replace"},
                                             {"tick", "run", "stamina"},
                                             {"tick", "run", "stamina", "--strategy", "rows"},
                                             {"tick", "run", "--all"},
                                             {"index", "apply", "game"},
                                             {"db", "drop", "game"}}) {
    const Outcome outcome = on_standby(command);
    EXPECT_TRUE(is_refusal(outcome, 3)) << command[0] << " " << command[1];
    EXPECT_THAT(outcome.err, HasSubstr("connect to the primary"));
  }
  EXPECT_EQ(everything(), before);
}

TEST_F(Standby, Looking_IsAllowed) {
  seed("50");
  catch_up();
  for (const auto& command : std::vector<std::vector<std::string>>{
           {"db", "status", "game"}, {"index", "status", "game"}, {"tick", "status"}}) {
    const Outcome outcome = on_standby(command);
    EXPECT_EQ(outcome.code, 0) << command[0] << ": " << outcome.err;
  }
  EXPECT_EQ(on_standby({"index", "plan", "game"}).code, 1);  // there is something to do
}

}  // namespace
}  // namespace scalectl::test
