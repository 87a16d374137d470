// index apply where things die or run out, on servers of the tests' own.
#include <gmock/gmock.h>
#include <sys/mount.h>

#include <csignal>
#include <filesystem>
#include <optional>

#include "support/e2e.hpp"
#include "support/json.hpp"
#include "support/lab_home.hpp"
#include "support/running.hpp"
#include "support/waiting.hpp"

namespace scalectl::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;

constexpr const char* kInvalid = "SELECT count(*) FROM pg_index WHERE NOT indisvalid";
constexpr const char* kBuilding =
    "SELECT max(pid) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX%'"
    "   AND pg_blocking_pids(pid) <> '{}'";

class IndexTrouble : public testing::Test {
 protected:
  void start(const std::vector<std::string>& more = {},
             const std::vector<std::string>& through = {}) {
    std::vector<std::string> argv = through;
    argv.insert(argv.end(), {binary(), "lab", "up", "--fast", "--format", "json"});
    argv.insert(argv.end(), more.begin(), more.end());
    const Outcome up = run(argv, home_.environment());
    ASSERT_EQ(up.code, 0) << up.err;
    up_ = json(up.out);
    dsn_ = text_at(up_, "metrics.env.DATABASE_URL");
    session_.emplace(pg::Target{dsn_}, "scalectl test");
    ASSERT_EQ(scalectl({"seed", "game", "--players", "2k", "--combats", "2k", "--dropped", "2k",
                        "--quiet"})
                  .code,
              0);
  }
  Outcome scalectl(const std::vector<std::string>& arguments) {
    return home_.scalectl(arguments, {{"DATABASE_URL", dsn_}});
  }
  Environment environment() { return home_.environment({{"DATABASE_URL", dsn_}}); }
  std::string cell(const std::string& query) { return scalar(*session_, query); }
  /// An old snapshot that builds wait for, until it is reset.
  struct Reader {
    explicit Reader(const std::string& dsn) : session({dsn}, "scalectl test"), tx(session.begin()) {
      tx.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
      tx.query("SELECT 1");
    }
    pg::Session session;
    pg::Transaction tx;
  };
  void expect_whole() {
    EXPECT_EQ(cell(kInvalid), "0");
    const Outcome plan = scalectl({"index", "plan", "game"});
    EXPECT_EQ(plan.code, 0) << plan.out;
  }

  LabHome home_;
  core::Value up_;
  std::string dsn_;
  std::optional<pg::Session> session_;
};

TEST_F(IndexTrouble, KilledClient_IsCleanedUpAfterByTheNextApply) {
  ASSERT_NO_FATAL_FAILURE(start());
  std::optional<Reader> reader(dsn_);
  {
    Running killed({"index", "apply", "game"}, environment());
    ASSERT_TRUE(eventually([&] { return cell(kBuilding) != ""; }));
    killed.signal(SIGKILL);
    EXPECT_EQ(killed.wait().code, 128 + SIGKILL);
  }
  // The server goes on with the build of a client that is gone: it is waited for, and never
  // dropped.
  const std::string orphan = cell(kBuilding);
  const Outcome waited = scalectl({"index", "apply", "game", "--wait", "300ms"});
  EXPECT_EQ(waited.code, 4) << waited.err;
  EXPECT_THAT(waited.err,
              AllOf(HasSubstr("another session builds it"), HasSubstr("pid " + orphan)));
  ASSERT_EQ(cell("SELECT pg_terminate_backend(" + orphan + ")"), "t");
  ASSERT_TRUE(eventually([&] { return cell(kBuilding) == ""; }));
  EXPECT_EQ(cell(kInvalid), "1");
  reader.reset();
  const Outcome again = scalectl({"index", "apply", "game", "--format", "json"});
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(integer_at(json(again.out), "metrics.repaired"), 1);
  EXPECT_EQ(integer_at(json(again.out), "metrics.created"), 2);
  expect_whole();
}

TEST_F(IndexTrouble, KilledBackend_IsExit3AndTheNextApplyRepairs) {
  ASSERT_NO_FATAL_FAILURE(start());
  {
    const Reader reader(dsn_);
    Running running({"index", "apply", "game"}, environment());
    ASSERT_TRUE(eventually([&] { return cell(kBuilding) != ""; }));
    // The index has its comment by then: the next apply knows it by that.
    ASSERT_TRUE(eventually([&] {
      return cell("SELECT count(*) FROM pg_description WHERE description LIKE 'scalectl pack%'") ==
             "1";
    }));
    // The server takes the death of one process for a crash, and restarts all of them.
    kill(std::stoi(cell(kBuilding)), SIGKILL);
    const Outcome outcome = running.wait();
    EXPECT_EQ(outcome.code, 3) << outcome.err;
  }
  ASSERT_TRUE(eventually([&] { return pg::accepts_connections({dsn_}); }));
  session_.emplace(pg::Target{dsn_}, "scalectl test");
  EXPECT_EQ(cell(kInvalid), "1");
  const Outcome again = scalectl({"index", "apply", "game", "--format", "json"});
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(integer_at(json(again.out), "metrics.repaired"), 1);
  expect_whole();
}

/// A file system of a few megabytes, where this account may mount one.
class SmallDisk {
 public:
  explicit SmallDisk(const std::string& path) : path_(path) {
    fs::create_directory(path_);
    mounted_ = mount("tmpfs", path_.c_str(), "tmpfs", 0, "size=2m,mode=0777") == 0;
  }
  ~SmallDisk() {
    if (mounted_) umount2(path_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  bool mounted() const { return mounted_; }

 private:
  std::string path_;
  bool mounted_ = false;
};

TEST_F(IndexTrouble, FullTablespace_IsExit5AndLeavesNothingBehind) {
  const SmallDisk disk(home_.beside().path() + "/small");
  // Where nothing can be mounted, no file of the server may grow above 17 MiB: its log has 16.
  const std::vector<std::string> limited{"/bin/sh", "-c", "ulimit -f 34816; exec \"$@\"", "sh"};
  ASSERT_NO_FATAL_FAILURE(start({}, disk.mounted() ? std::vector<std::string>{} : limited));
  const std::string place = home_.beside().path() + "/small/data";
  fs::create_directory(place);
  ASSERT_EQ(run({"chown", "--reference", cell("SHOW data_directory"), place}).code, 0);
  session_->query("CREATE TABLESPACE small LOCATION '" + place + "'");
  session_->query("ALTER DATABASE lab SET default_tablespace = small");
  session_->query(
      "INSERT INTO dropped_items (item_id, location_id, dropped_at)"
      " SELECT item_id, location_id, now() - i * interval '1 s'"
      "   FROM (SELECT item_id FROM items LIMIT 1) AS a, (SELECT location_id FROM locations LIMIT "
      "1)"
      "     AS b, generate_series(1, " +
      std::string(disk.mounted() ? "150000" : "900000") + ") AS i");
  session_->query("ANALYZE dropped_items");
  const Outcome outcome = scalectl({"index", "apply", "game"});
  EXPECT_EQ(outcome.code, 5) << outcome.err;
  EXPECT_THAT(
      outcome.err,
      AllOf(HasSubstr("\"idx_dropped_items_dropped_at\""),
            AnyOf(HasSubstr("No space left on device"), HasSubstr("File too large")),
            HasSubstr("the unfinished index was dropped"), HasSubstr("2 of 3 indexes done")));
  EXPECT_EQ(cell(kInvalid), "0");
  if (disk.mounted()) {  // the plan saw it coming
    const Outcome plan = scalectl({"index", "plan", "game"});
    EXPECT_THAT(plan.out, HasSubstr("has less room than the indexes will take"));
  }
  session_->query("ALTER DATABASE lab RESET default_tablespace");
  ASSERT_EQ(scalectl({"index", "apply", "game"}).code, 0);
  expect_whole();
}

TEST_F(IndexTrouble, Pgbouncer_IsRefusedByWhatBuildsAndServesWhatReads) {
  ASSERT_NO_FATAL_FAILURE(start({"--pgbouncer"}));
  std::string other = text_at(up_, "metrics.env.PGBOUNCER_URL");
  std::swap(dsn_, other);
  for (const char* verb : {"apply", "drop"}) {
    const Outcome refused = scalectl({"index", verb, "game"});
    EXPECT_TRUE(is_refusal(refused, 2)) << verb;
    EXPECT_THAT(refused.err, AllOf(HasSubstr("connection pooler"), HasSubstr("--dsn")));
  }
  EXPECT_EQ(cell("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), "0");
  EXPECT_EQ(scalectl({"index", "status", "game"}).code, 0);
  EXPECT_EQ(scalectl({"index", "plan", "game"}).code, 1);
  std::swap(dsn_, other);
  ASSERT_EQ(scalectl({"index", "apply", "game"}).code, 0);
  std::swap(dsn_, other);
  const Outcome verified = scalectl({"index", "verify", "game", "--runs", "3", "--format", "json"});
  EXPECT_EQ(integer_at(json(verified.out), "metrics.used"), 3);
}

}  // namespace
}  // namespace scalectl::test
