#include "support/command.hpp"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "process/files.hpp"

namespace scalectl::test {
namespace {

std::vector<std::string> command_line(const std::vector<std::string>& arguments) {
  std::vector<std::string> argv{binary()};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return argv;
}

}  // namespace

Environment without_servers(const Environment& environment) {
  Environment all{{"SCALECTL_LAB_HOME", SCALECTL_TEST_LAB_HOME}};
  for (const char* name :
       {"DATABASE_URL", "PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGSERVICE", "PGPASSWORD",
        "PGPASSFILE", "REDIS_URL", "REDIS_HOST", "REDIS_PORT", "SCALECTL_SQL_DIR"}) {
    unsetenv(name);
  }
  for (const auto& [name, value] : environment) {
    if (name == all.front().first) {
      all.front().second = value;
    } else {
      all.emplace_back(name, value);
    }
  }
  return all;
}

std::string binary() { return SCALECTL_BINARY; }

Outcome run(const std::vector<std::string>& argv, const Environment& environment) {
  process::Captured captured = process::run({.argv = argv, .env = without_servers(environment)});
  const process::Exit exit = captured.exit;
  return {.code = exit.signal != 0 ? 128 + exit.signal : exit.status,
          .out = std::move(captured.out),
          .err = std::move(captured.err)};
}

Outcome scalectl(const std::vector<std::string>& arguments, const Environment& environment) {
  return run(command_line(arguments), environment);
}

process::Child start(const std::vector<std::string>& arguments, const std::string& output_file,
                     const Environment& environment) {
  return process::Child::start({.argv = command_line(arguments),
                                .env = without_servers(environment),
                                .output_file = output_file});
}

TemporaryDirectory::TemporaryDirectory() {
  std::string path = "/tmp/scalectl-test-XXXXXX";
  if (mkdtemp(path.data()) == nullptr) throw std::runtime_error("cannot make " + path);
  path_ = path;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryDirectory::write(const std::string& name, const std::string& content) const {
  const std::filesystem::path file = std::filesystem::path(path_) / name;
  std::filesystem::create_directories(file.parent_path());
  process::write_file(file, content);
  return file.string();
}

}  // namespace scalectl::test
