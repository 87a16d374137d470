#include "arena.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <stdexcept>

#include "core/text.hpp"
#include "process/files.hpp"
#include "process/host.hpp"

namespace scalectl::bench {
namespace {

constexpr const char* kName = "scalectl bench";

/// So that neither a checkpoint nor autovacuum falls into one contender's run and not the other's.
const std::map<std::string, std::string> kSettings{
    {"autovacuum", "off"}, {"checkpoint_timeout", "1h"}, {"max_wal_size", "8GB"}};

class Silent : public core::Observer {
 public:
  void log(core::LogLevel, std::string_view) override {}
  void progress(std::string_view, std::uint64_t, std::uint64_t, std::string_view) override {}
};

std::string checked(const process::Command& command) {
  const process::Captured captured = process::run(command);
  if (captured.exit.ok()) return captured.out;
  throw std::runtime_error(fmt::format("{}: {}: {}", core::join(command.argv, " "),
                                       captured.exit.describe(), captured.err));
}

std::string make_scratch() {
  std::string path = (std::filesystem::temp_directory_path() / "scalectl-bench-XXXXXX").string();
  if (mkdtemp(path.data()) == nullptr) throw std::runtime_error("cannot make " + path);
  return path;
}

/// The first value of `key` in /proc/cpuinfo or the like.
std::string first_value(const std::string& path, std::string_view key) {
  for (const std::string& line : core::split(process::read_file(path), '\n')) {
    if (line.rfind(key, 0) != 0) continue;
    return std::string(core::trim(std::string_view(line).substr(line.find(':') + 1)));
  }
  return "processors";
}

}  // namespace

Arena::Arena(std::string binary)
    : binary_(std::filesystem::absolute(binary)), scratch_(make_scratch()) {}

Arena::~Arena() {
  try {
    Silent silent;
    if (lab_) lab_->down(silent);
    std::filesystem::remove_all(scratch_);
  } catch (const std::exception& error) {
    fmt::print(stderr, "WARNING - {}\n", error.what());
  }
}

const lab::Lab& Arena::servers() const {
  if (!lab_) {
    Silent silent;
    lab_.emplace(lab::default_home(), fmt::format("bench-{}", getpid()));
    lab_->up({.settings = kSettings}, {}, silent);
  }
  return *lab_;
}

std::optional<std::string> Arena::postgres_version() const {
  if (!lab_) return std::nullopt;
  return pg::Session(lab_->postgres(), kName).server_version();
}

std::string Arena::settings() const {
  std::vector<std::string> words;
  for (const auto& [key, value] : kSettings) words.push_back(key + "=" + value);
  return core::join(words, ", ");
}

void Arena::sql(const std::string& database, const std::string& statements) const {
  connect(database).query(statements);
}

pg::Session Arena::connect(const std::string& database) const {
  return pg::Session(pg::Target{dsn(database)}, kName);
}

std::string Arena::scalectl(const std::string& database, std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), {binary_, "--dsn", dsn(database)});
  return checked({.argv = arguments});
}

void Arena::psql(const std::string& database, const std::vector<std::string>& commands) const {
  std::vector<std::string> argv{"psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", dsn(database)};
  for (const std::string& command : commands) argv.insert(argv.end(), {"-c", command});
  checked({.argv = argv});
}

std::string Arena::dsn(const std::string& database) const {
  return pg::with_database(servers().postgres(), database).conninfo;
}

std::string machine() {
  utsname system{};
  uname(&system);
  return fmt::format("{} × {}, {:.0f} GiB memory, {} {}", process::cores(),
                     first_value("/proc/cpuinfo", "model name"),
                     static_cast<double>(process::memory_bytes()) / (1 << 30), system.sysname,
                     system.release);
}

}  // namespace scalectl::bench
