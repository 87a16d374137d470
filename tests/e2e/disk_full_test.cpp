// A disk that fills up while seeding.
#include <gmock/gmock.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

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

class DiskFull : public OnDatabase {};

TEST_F(DiskFull, WhileSeeding_LeavesTheTablesAsTheyWere) {
  const SmallDisk disk;
  if (!disk.mounted()) {
    GTEST_SKIP() << "mounting a small disk: " << disk.reason()
                 << "; FileSizeLimit covers the same path";
  }
  const std::string place = disk.path() + "/tablespace";
  fs::create_directory(place);
  const auto account = process::find_account("postgres");
  const auto owner = account ? account : process::find_account("nobody");
  ASSERT_EQ(chown(place.c_str(), owner->uid, owner->gid), 0);
  const std::string space = "small_" + database_.name();
  sql("CREATE TABLESPACE " + space + " LOCATION '" + place + "'");
  sql("ALTER DATABASE " + database_.name() + " SET default_tablespace = " + space);
  seed("200");
  const std::string before = everything();

  for (const char* how : {"--replace", "--append"}) {  // what --append wrote stays until a VACUUM
    const Outcome outcome = scalectl({"seed", "game", "--players", "100k", how});
    EXPECT_EQ(outcome.code, 5) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err,
                AllOf(HasSubstr("No space left on device"),
                      HasSubstr("the tables are as they were"), HasSubstr(" — hint: free space")));
    EXPECT_EQ(everything(), before) << how;
  }
  sql("VACUUM players");
  ASSERT_EQ(scalectl({"db", "drop", "game"}).code, 0);
  sql("DROP SCHEMA scalectl CASCADE");
  sql("DROP TABLESPACE " + space);
}

TEST(FileSizeLimit, WhileSeeding_LeavesTheTablesAsTheyWere) {
  // What any user can do: a server that may write no file above 17 MiB (its log has 16 MiB).
  const LabHome home;
  const Outcome up = run({"/bin/sh", "-c", "ulimit -f 34816; exec \"$@\"", "sh", binary(), "lab",
                          "up", "--fast", "--format", "json"},
                         home.environment());
  ASSERT_EQ(up.code, 0) << up.err;
  const Environment server{{"DATABASE_URL", text_at(json(up.out), "metrics.env.DATABASE_URL")}};
  ASSERT_EQ(home.scalectl({"seed", "game", "--players", "200"}, server).code, 0);
  pg::Session session({server[0].second}, "scalectl test");
  const std::string kPlayers =
      "SELECT md5(string_agg(p::text, ',' ORDER BY player_id)) FROM players AS p";
  const std::string before = scalar(session, kPlayers);

  const Outcome outcome =
      home.scalectl({"seed", "game", "--players", "200k", "--replace", "--inventory", "0"}, server);
  EXPECT_EQ(outcome.code, 5) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("could not extend file"),
                                 HasSubstr("the tables are as they were"), HasSubstr(" — hint: ")));
  EXPECT_EQ(scalar(session, kPlayers), before);
  EXPECT_EQ(scalar(session, "SELECT count(*) FROM inventory"), "400");
}

}  // namespace
}  // namespace scalectl::test
