// Latencies are measured with the monotonic clock alone, so that setting the machine's clock
// changes none of them: the libraries that measure know of no other, but where a run is to begin at
// a time of the day.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <string>

namespace {

namespace fs = std::filesystem;

/// Files that may name the time of the day, and how often: what --start-at says, and how far ahead
/// of now it is; what ${now()} of a scenario tells; the server's Date header.
const std::map<std::string, int> kAllowed{
    {"load/plan.hpp", 1},
    {"load/ws_plan.hpp", 1},
    {"load/drive.hpp", 1},
    {"load/drive.cpp", 1},
    {"load/scenario/run.cpp", 1},
    {"load/scenario/run.hpp", 1},
    {"net/http_server_worker.cpp", 1}};

TEST(Clock, InNetAndLoad_IsTheMonotonicOne) {
  const std::regex kTimeOfDay(
      "system_clock|high_resolution_clock|utc_clock|CLOCK_REALTIME|gettimeofday|timespec_get|"
      "\\btime\\(");
  const fs::path src = fs::path(SCALECTL_SOURCE_DIR) / "src";
  std::map<std::string, int> found;
  for (const char* library : {"net", "load"}) {
    for (const auto& entry : fs::recursive_directory_iterator(src / library)) {
      std::ifstream file(entry.path());
      for (std::string line; std::getline(file, line);) {
        if (std::regex_search(line, kTimeOfDay)) ++found[fs::relative(entry.path(), src).string()];
      }
    }
  }
  EXPECT_EQ(found, kAllowed);
}

}  // namespace
