#include "pinned.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <stdexcept>

#include "core/json.hpp"
#include "core/text.hpp"

namespace scalectl::bench {
namespace {

Cpu cpu_of_children() {
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return {.user_s = seconds(usage.ru_utime), .kernel_s = seconds(usage.ru_stime)};
}

}  // namespace

std::pair<std::string, Cpu> run_pinned(std::vector<std::string> argv) {
  argv.insert(argv.begin(), {"taskset", "-c", std::to_string(kGeneratorCore)});
  const Cpu before = cpu_of_children();
  const process::Captured captured = process::run({.argv = argv});
  if (!captured.exit.ok()) {
    throw std::runtime_error(
        fmt::format("{}: {}: {}", core::join(argv, " "), captured.exit.describe(), captured.err));
  }
  const Cpu after = cpu_of_children();
  return {captured.out,
          {.user_s = after.user_s - before.user_s, .kernel_s = after.kernel_s - before.kernel_s}};
}

core::Value scalectl_load(const Arena& arena, const std::vector<std::string>& arguments, Cpu* cpu) {
  std::vector<std::string> argv{arena.binary(), "load"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  argv.insert(argv.end(), {"--format", "json"});
  const auto [out, taken] = run_pinned(argv);
  if (cpu != nullptr) *cpu = taken;
  return core::parse_json(out, "scalectl");
}

const core::Value& at(const core::Value& value, const std::string& path) {
  const core::Value* found = &value;
  for (const std::string& key : core::split(path, '.')) {
    const core::Object* object = found->if_object();
    found = object == nullptr ? nullptr : object->find(key);
    if (found == nullptr) throw std::runtime_error("a Result without " + path);
  }
  return *found;
}

}  // namespace scalectl::bench
