#include "report/report.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"
#include "report/formats.hpp"

namespace scalectl::report {
namespace {

struct Format {
  const char* name;
  std::string (*render)(const Results&, const Style&);
};

constexpr Format kFormats[] = {
    {"text", text},     {"json", json},       {"csv", csv},     {"md", markdown},
    {"html", html},     {"svg", svg},         {"junit", junit}, {"prom", prometheus},
    {"nagios", nagios}, {"env", environment},
};

}  // namespace

std::vector<std::string> formats() {
  std::vector<std::string> names;
  for (const Format& format : kFormats) names.emplace_back(format.name);
  return names;
}

std::string render(const std::string& format, const Results& results, const Style& style) {
  for (const Format& known : kFormats) {
    if (format == known.name) return known.render(results, style);
  }
  throw core::usage_error(
      fmt::format("unknown format \"{}\"", format),
      core::did_you_mean(format, formats(), "there are: " + core::join(formats(), ", ")));
}

}  // namespace scalectl::report
