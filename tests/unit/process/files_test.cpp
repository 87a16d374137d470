#include "process/files.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <fstream>
#include <optional>
#include <sstream>

#include "support/command.hpp"
#include "support/thrown.hpp"

namespace scalectl::process {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using testing::ElementsAre;
using testing::HasSubstr;

class Files : public testing::Test {
 protected:
  fs::path path(const std::string& name) const { return fs::path(directory_.path()) / name; }
  /// The content of a file, read apart from the code under test.
  std::string content(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(path(name), std::ios::binary).rdbuf();
    return text.str();
  }
  void put(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary) << text;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(directory_.path())) {
      found.push_back(entry.path().filename());
    }
    return found;
  }
  struct stat status(const std::string& name) const {
    struct stat found {};
    EXPECT_EQ(::stat(path(name).c_str(), &found), 0) << name;
    return found;
  }
  mode_t mode(const std::string& name) const { return status(name).st_mode & 07777; }

 private:
  test::TemporaryDirectory directory_;
};

/// The umask of one test.
class Umask {
 public:
  explicit Umask(mode_t mask) : before_(umask(mask)) {}
  ~Umask() { umask(before_); }
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;

 private:
  mode_t before_;
};

TEST_F(Files, ReadFile_GivesEveryByte) {
  const std::string all = std::string(100'000, 'x') + std::string("\0\n\xFF", 3);
  put("f", all);
  EXPECT_EQ(read_file(path("f")), all);
}

TEST_F(Files, ReadFile_Missing_NamesThePathAndTheReason) {
  const core::Error error = error_of([&] { read_file(path("none")); });
  EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
  EXPECT_EQ(error.message(),
            "cannot read " + path("none").string() + ": No such file or directory");
}

TEST_F(Files, WriteFile_New_TakesTheModeLessTheUmask) {
  const Umask umask(027);
  write_file(path("f"), "text");
  write_file(path("secret"), "text", 0600);
  EXPECT_EQ(content("f"), "text");
  EXPECT_EQ(mode("f"), 0640U);
  EXPECT_EQ(mode("secret"), 0600U);
}

TEST_F(Files, WriteFile_OverAnother_PutsANewFileInItsPlace) {
  put("f", "old");
  chmod(path("f").c_str(), 0604);
  std::ifstream reader(path("f"));  // sees the old file to its end
  const ino_t old = status("f").st_ino;
  write_file(path("f"), "new");
  EXPECT_NE(status("f").st_ino, old);
  EXPECT_EQ(content("f"), "new");
  EXPECT_EQ(mode("f"), 0604U);
  std::string seen;
  std::getline(reader, seen);
  EXPECT_EQ(seen, "old");
  EXPECT_THAT(names(), ElementsAre("f"));
}

TEST_F(Files, WriteFile_ThroughALink_ReplacesWhatItPointsTo) {
  put("real", "old");
  fs::create_symlink("real", path("link"));
  write_file(path("link"), "new");
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(content("real"), "new");
}

TEST_F(Files, WriteFile_ToAFifo_WritesIntoIt) {
  ASSERT_EQ(mkfifo(path("fifo").c_str(), 0600), 0);
  const Descriptor reader(open(path("fifo").c_str(), O_RDONLY | O_NONBLOCK));
  write_file(path("fifo"), "text");
  char got[8] = {};
  EXPECT_EQ(read(reader.get(), got, sizeof got), 4);
  EXPECT_STREQ(got, "text");
  EXPECT_TRUE(fs::is_fifo(path("fifo")));
}

TEST_F(Files, WriteFile_IntoAMissingDirectory_IsRefused) {
  const core::Error error = error_of([&] { write_file(path("none/f"), "x"); });
  EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
  EXPECT_THAT(error.message(), HasSubstr("cannot write " + path("none/f").string()));
}

TEST_F(Files, WriteFile_OverADirectory_IsRefusedAndLeavesNothing) {
  fs::create_directory(path("d"));
  EXPECT_THAT(error_of([&] { write_file(path("d"), "x"); }).message(), HasSubstr("Is a directory"));
  EXPECT_THAT(names(), ElementsAre("d"));
}

TEST_F(Files, RequireWritable_AgreesWithWriteFile) {
  fs::create_directory(path("d"));
  put("f", "old");
  EXPECT_THAT(error_of([&] { require_writable(path("d")); }).message(),
              HasSubstr("Is a directory"));
  EXPECT_THAT(error_of([&] { require_writable(path("none/f")); }).message(),
              HasSubstr("No such file or directory"));
  EXPECT_NO_THROW(require_writable(path("f")));
  EXPECT_NO_THROW(require_writable(path("new")));
  EXPECT_EQ(content("f"), "old");
  EXPECT_FALSE(fs::exists(path("new")));
}

bool can_lock(const fs::path& directory) {
  const Descriptor fd(open(directory.c_str(), O_RDONLY | O_DIRECTORY));
  return flock(fd.get(), LOCK_EX | LOCK_NB) == 0;
}

TEST_F(Files, DirectoryLock_KeepsOthersOutForItsLifetime) {
  fs::create_directories(path("d/kept"));
  {
    const DirectoryLock lock(path("d"));
    EXPECT_FALSE(can_lock(path("d")));
    EXPECT_EQ(errno, EWOULDBLOCK);
  }
  EXPECT_TRUE(can_lock(path("d")));
}

TEST_F(Files, DirectoryLock_MakesDirectoriesThatOthersMayPass) {
  const Umask umask(077);
  const DirectoryLock lock(path("a/b"));
  EXPECT_EQ(mode("a"), 0755U);
  EXPECT_EQ(mode("a/b"), 0755U);
}

TEST_F(Files, DirectoryLock_AtItsEnd_RemovesTheDirectoryOnlyIfEmpty) {
  { const DirectoryLock lock(path("empty")); }
  {
    const DirectoryLock lock(path("used"));
    put("used/file", "x");
  }
  EXPECT_FALSE(fs::exists(path("empty")));
  EXPECT_EQ(content("used/file"), "x");
}

TEST_F(Files, DirectoryLock_OnADirectoryOfSomebodyElse_LeavesIt) {
  fs::create_directory(path("theirs"));
  { const DirectoryLock lock(path("theirs")); }
  EXPECT_TRUE(fs::exists(path("theirs")));
}

TEST_F(Files, DirectoryLock_OnAFile_IsRefused) {
  put("f", "");
  EXPECT_EQ(error_of([&] { DirectoryLock lock(path("f")); }).kind(), core::ErrorKind::kUsage);
}

}  // namespace
}  // namespace scalectl::process
