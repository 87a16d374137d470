#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "report/chart.hpp"
#include "report/formats.hpp"
#include "report/xml.hpp"

namespace scalectl::report {

std::string svg(const Results& results, const Style& /*style*/) {
  double width = 0;
  double height = 0;
  std::string groups;
  std::string title;
  for (const core::Result& result : results) {
    for (const core::Figure& figure : result.figures) {
      const Chart drawn = chart(figure);
      groups +=
          fmt::format("<g transform=\"translate(0 {:.0f})\">\n{}</g>\n", height, drawn.elements);
      width = std::max(width, drawn.width);
      height += drawn.height;
      title += (title.empty() ? "" : "; ") + figure.title;
    }
  }
  if (groups.empty()) {
    throw core::usage_error(
        fmt::format("{} has no figure to draw", results.empty() ? "this" : results.front().command),
        "--format svg goes with tick sweep");
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" role=\"img\" width=\"{0:.0f}\" "
      "height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} {1:.0f}\">\n"
      "<title>{2}</title>\n<style>\n{3}</style>\n{4}</svg>\n",
      width, height, xml_escaped(title), chart_style(), groups);
}

}  // namespace scalectl::report
