#include <fmt/format.h>

#include "core/error.hpp"
#include "report/formats.hpp"
#include "report/show.hpp"

namespace scalectl::report {
namespace {

/// A word that a POSIX shell reads back unchanged.
std::string shell_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

}  // namespace

std::string environment(const Results& results, const Style& /*style*/) {
  std::string out;
  for (const core::Result& result : results) {
    const core::Value* env = result.metrics.find("env");
    if (env == nullptr || env->if_object() == nullptr) {
      throw core::usage_error(fmt::format("{} has no environment to print", result.command),
                              "--format env goes with lab up and lab status");
    }
    for (const auto& [name, value] : *env->if_object()) {
      const auto* in_file = value.if_object();
      const core::Value* file = in_file != nullptr ? in_file->find("file") : nullptr;
      out += file == nullptr
                 ? fmt::format("export {}={}\n", name, shell_quoted(plain(value)))
                 : fmt::format("export {}=\"$(cat {})\"\n", name, shell_quoted(plain(*file)));
    }
  }
  return out;
}

}  // namespace scalectl::report
