// A disk that fills up while seeding.
#include <gmock/gmock.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <optional>

#include "process/host.hpp"
#include "support/e2e.hpp"
#include "support/json.hpp"
#include "support/lab_home.hpp"

namespace scalectl::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

/// A file system of a few megabytes, where this process may mount one.
class SmallDisk {
 public:
  SmallDisk() {
    fs::permissions(directory_.path(), fs::perms(0755));
    mounted_ =
        mount("scalectl-test", directory_.path().c_str(), "tmpfs", 0, "size=6m,mode=0755") == 0;
    if (!mounted_) reason_ = std::strerror(errno);
  }
  ~SmallDisk() {
    if (mounted_) umount2(directory_.path().c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }
  const std::string& reason() const { return reason_; }
  const std::string& path() const { return directory_.path(); }

 private:
  TemporaryDirectory directory_;
  std::string reason_;
  bool mounted_ = false;
};

/// On a server of its own: a standby beside it would write into the same tablespace.
class DiskFull : public testing::Test {
 protected:
  void start(const std::vector<std::string>& through = {}) {
    std::vector<std::string> argv = through;
    argv.insert(argv.end(), {binary(), "lab", "up", "--fast", "--format", "json"});
    const Outcome up = run(argv, home_.environment());
    ASSERT_EQ(up.code, 0) << up.err;
    dsn_ = text_at(json(up.out), "metrics.env.DATABASE_URL");
    session_.emplace(pg::Target{dsn_}, "scalectl test");
  }
  Outcome seed(const std::string& players, const std::string& how) {
    return home_.scalectl({"seed", "game", "--players", players, how, "--quiet"},
                          {{"DATABASE_URL", dsn_}});
  }
  /// What the tables hold.
  std::string tables() {
    return scalar(
        *session_,
        "SELECT (SELECT md5(string_agg(p::text, ',' ORDER BY player_id)) FROM players AS p)"
        " || (SELECT count(*) FROM inventory)");
  }
  void expect_rolled_back(const Outcome& outcome, const std::string& reason) {
    EXPECT_TRUE(is_refusal(outcome, 5));
    EXPECT_THAT(outcome.err, AllOf(HasSubstr(reason), HasSubstr("the tables are as they were")));
  }

  LabHome home_;
  std::string dsn_;
  std::optional<pg::Session> session_;
};

TEST_F(DiskFull, WhileSeeding_LeavesTheTablesAsTheyWere) {
  const SmallDisk disk;
  if (!disk.mounted()) {
    GTEST_SKIP() << "mounting a small disk: " << disk.reason()
                 << "; FileSizeLimit_LeavesTheTablesAsTheyWere covers the same path";
  }
  const std::string place = disk.path() + "/tablespace";
  fs::create_directory(place);
  const auto account = process::find_account("postgres");
  const auto owner = account ? account : process::find_account("nobody");
  ASSERT_EQ(chown(place.c_str(), owner->uid, owner->gid), 0);
  ASSERT_NO_FATAL_FAILURE(start());
  session_->query("CREATE TABLESPACE small LOCATION '" + place + "'");
  session_->query("ALTER DATABASE lab SET default_tablespace = small");
  ASSERT_EQ(seed("200", "--replace").code, 0);
  const std::string before = tables();
  for (const char* how : {"--replace", "--append"}) {
    const Outcome outcome = seed("100k", how);
    expect_rolled_back(outcome, "No space left on device");
    EXPECT_THAT(outcome.err, HasSubstr(" — hint: free space"));
    EXPECT_EQ(tables(), before) << how;
  }
  // The files go before the disk does.
  EXPECT_EQ(home_.scalectl({"lab", "down"}).code, 0);
}

TEST_F(DiskFull, FileSizeLimit_LeavesTheTablesAsTheyWere) {
  // What any user can do: a server that may write no file above 17 MiB (its log has 16 MiB).
  ASSERT_NO_FATAL_FAILURE(start({"/bin/sh", "-c", "ulimit -f 34816; exec \"$@\"", "sh"}));
  ASSERT_EQ(seed("200", "--replace").code, 0);
  const std::string before = tables();
  expect_rolled_back(seed("200k", "--replace"), "could not extend file");
  EXPECT_EQ(tables(), before);
}

}  // namespace
}  // namespace scalectl::test
