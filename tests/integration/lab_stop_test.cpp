// Ctrl-C while a lab comes up.
#include <gmock/gmock.h>

#include <algorithm>

#include "support/own_lab.hpp"
#include "support/thrown.hpp"
#include "support/waiting.hpp"

namespace scalectl {
namespace {

namespace fs = std::filesystem;
using core::Error;
using core::ErrorKind;
using testing::HasSubstr;
using testing::IsEmpty;

struct LabStop : test::OwnLab, testing::WithParamInterface<const char*> {};

// A stage of up() is recognised by the file that it makes: the data directory that initdb fills,
// the server that starts, the copy for the replica, the Redis that comes last.
INSTANTIATE_TEST_SUITE_P(During, LabStop,
                         testing::Values("postgres/base", "postgres/postmaster.pid", "replica.log",
                                         "redis.log"),
                         [](const auto& file) {
                           std::string name = file.param;
                           std::replace_if(
                               name.begin(), name.end(), [](char c) { return !isalnum(c); }, '_');
                           return name;
                         });

TEST_P(LabStop, StopDuringUp_LeavesNeitherProcessNorFile) {
  lab::Lab lab(home(), "one");
  std::stop_source source;
  bool reached = false;
  std::jthread stopper([&] {
    reached = test::comes_true([&] { return fs::exists(lab.directory() / GetParam()); });
    source.request_stop();
  });
  bool came_too_late = false;
  const Error error = test::error_of([&] {
    lab.up({.fast = true, .replica = true}, source.get_token(), recorder);
    came_too_late = true;  // nothing comes after Redis, which is up in a few milliseconds
    throw Error(ErrorKind::kUsage, "up");
  });
  stopper.join();
  EXPECT_TRUE(reached);
  if (came_too_late) {
    EXPECT_STREQ(GetParam(), "redis.log");
    EXPECT_TRUE(lab.running());
    return;
  }
  EXPECT_EQ(error.kind(), ErrorKind::kInterrupted);
  EXPECT_THAT(error.message(), HasSubstr("nothing of it is left"));
  EXPECT_FALSE(fs::exists(lab.directory()));
  EXPECT_THAT(processes(), IsEmpty());
}

}  // namespace
}  // namespace scalectl
