#include "report/chart.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "report/axis.hpp"
#include "report/xml.hpp"

namespace scalectl::report {
namespace {

using core::Figure;
using core::Series;

constexpr double kLeft = 84;
constexpr double kTop = 52;
constexpr double kPlotWidth = 620;
constexpr double kPlotHeight = 440;
constexpr double kBottom = 64;
constexpr double kLegendGap = 24;
constexpr double kLegendLine = 26;
constexpr double kLetter = 7.4;  // pixels that a letter of the legend takes at most, on average
constexpr int kFamilies = 6;
constexpr int kMarks = 5;

std::size_t letters(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

/// Which one of its family a series is: it decides its mark.
int place_in_family(const Figure& figure, std::size_t index) {
  int place = 0;
  for (std::size_t i = 0; i < index; ++i) {
    place += !figure.series[i].reference && figure.series[i].family == figure.series[index].family;
  }
  return place;
}

std::string class_of(const Series& series) {
  return series.reference ? "reference" : fmt::format("family{}", series.family % kFamilies);
}

/// One point's mark around (x, y).
std::string mark(const Figure& figure, std::size_t index, double x, double y) {
  const Series& series = figure.series[index];
  if (series.reference) {
    return fmt::format("<path class=\"stroke\" d=\"M{:.1f} {:.1f}l8 8m0 -8l-8 8\"/>\n", x - 4,
                       y - 4);
  }
  switch (place_in_family(figure, index) % kMarks) {
    case 0:
      return fmt::format("<circle class=\"mark\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5\"/>\n", x, y);
    case 1:
      return fmt::format(
          "<rect class=\"mark hollow\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"9\" height=\"9\"/>\n",
          x - 4.5, y - 4.5);
    case 2:
      return fmt::format("<path class=\"mark\" d=\"M{:.1f} {:.1f}l6 10h-12z\"/>\n", x, y - 6);
    case 3:
      return fmt::format("<path class=\"mark hollow\" d=\"M{:.1f} {:.1f}l6 6l-6 6l-6 -6z\"/>\n", x,
                         y - 6);
    default:
      return fmt::format("<path class=\"mark\" d=\"M{:.1f} {:.1f}l-6 -10h12z\"/>\n", x, y + 6);
  }
}

class Drawing {
 public:
  explicit Drawing(const Figure& figure)
      : figure_(figure), x_(figure.x, x_values(figure)), y_(figure.y, y_values(figure)) {
    for (const Series& series : figure.series) {
      legend_width_ =
          std::max(legend_width_, 40 + kLetter * static_cast<double>(letters(series.name)));
    }
  }

  Chart draw() {
    axes();
    for (std::size_t i = 0; i < figure_.series.size(); ++i) series(i);
    legend();
    const double legend_height =
        kTop + kLegendLine * static_cast<double>(figure_.series.size()) + kBottom;
    return {.width = kLeft + kPlotWidth + kLegendGap + legend_width_,
            .height = std::max(kTop + kPlotHeight + kBottom, legend_height),
            .elements = std::move(out_)};
  }

 private:
  double at_x(double value) const { return kLeft + x_.place(value) * kPlotWidth; }
  double at_y(double value) const { return kTop + (1 - y_.place(value)) * kPlotHeight; }

  void line(const char* style, double x1, double y1, double x2, double y2) {
    out_ += fmt::format(
        "<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>\n", style, x1,
        y1, x2, y2);
  }
  void text(const char* style, double x, double y, const std::string& words,
            const std::string& more = "") {
    out_ += fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\"{}>{}</text>\n", style, x, y,
                        more, xml_escaped(words));
  }

  void axes() {
    const double bottom = kTop + kPlotHeight;
    const double right = kLeft + kPlotWidth;
    text("title", kLeft, 28, figure_.title);
    double free = 0;  // labels must not touch
    for (const AxisMark& mark : x_.marks()) {
      const double x = at_x(mark.value);
      line(mark.label.empty() ? "minor" : "grid", x, kTop, x, bottom);
      if (mark.label.empty() || x < free) continue;
      text("label middle", x, bottom + 20, mark.label);
      free = x + kLetter * static_cast<double>(letters(mark.label)) + 8;
    }
    for (const AxisMark& mark : y_.marks()) {
      const double y = at_y(mark.value);
      line(mark.label.empty() ? "minor" : "grid", kLeft, y, right, y);
      if (!mark.label.empty()) text("label end", kLeft - 10, y + 4, mark.label);
    }
    line("axis", kLeft, bottom, right, bottom);
    line("axis", kLeft, kTop, kLeft, bottom);
    text("label middle", kLeft + kPlotWidth / 2, bottom + 46, figure_.x.title);
    const double middle = kTop + kPlotHeight / 2;
    text("label middle", 18, middle, figure_.y.title,
         fmt::format(" transform=\"rotate(-90 18 {:.1f})\"", middle));
  }

  void polyline(const char* style, const std::vector<std::pair<double, double>>& values) {
    std::string points;
    for (const auto& [x, y] : values) {
      if (x_.holds(x) && y_.holds(y)) {
        points += fmt::format("{}{:.1f},{:.1f}", points.empty() ? "" : " ", at_x(x), at_y(y));
      }
    }
    if (!points.empty()) {
      out_ += fmt::format("<polyline class=\"{}\" points=\"{}\"/>\n", style, points);
    }
  }

  void series(std::size_t index) {
    const Series& series = figure_.series[index];
    out_ += fmt::format("<g class=\"{}\">\n<title>{}</title>\n", class_of(series),
                        xml_escaped(series.name));
    polyline("curve", series.curve);
    polyline("curve forecast", series.forecast);
    for (const core::Point& point : series.points) {
      if (!x_.holds(point.x) || !y_.holds(point.y)) continue;
      if (point.low && point.high && y_.holds(*point.low) && y_.holds(*point.high)) {
        const double x = at_x(point.x);
        line("stroke", x, at_y(*point.low), x, at_y(*point.high));
        line("stroke", x - 4, at_y(*point.low), x + 4, at_y(*point.low));
        line("stroke", x - 4, at_y(*point.high), x + 4, at_y(*point.high));
      }
      out_ += mark(figure_, index, at_x(point.x), at_y(point.y));
    }
    out_ += "</g>\n";
  }

  void legend() {
    const double x = kLeft + kPlotWidth + kLegendGap;
    double y = kTop + 8;
    for (std::size_t i = 0; i < figure_.series.size(); ++i) {
      const Series& series = figure_.series[i];
      out_ += fmt::format("<g class=\"{}\">\n", class_of(series));
      line("curve", x, y, x + 24, y);
      out_ += mark(figure_, i, x + 12, y);
      out_ += "</g>\n";
      text("label", x + 34, y + 4, series.name);
      y += kLegendLine;
    }
  }

  const Figure& figure_;
  AxisRange x_;
  AxisRange y_;
  double legend_width_ = 0;
  std::string out_;
};

}  // namespace

Chart chart(const Figure& figure) { return Drawing(figure).draw(); }

std::string chart_style() {
  return R"(svg.chart { background: #ffffff; color: #1c2430; font: 13px system-ui, sans-serif; }
.chart text { fill: currentColor; }
.chart .title { font-size: 16px; font-weight: 600; }
.chart .middle { text-anchor: middle; }
.chart .end { text-anchor: end; }
.chart .axis { stroke: currentColor; stroke-width: 1.2; }
.chart .grid { stroke: #c3c9d2; stroke-width: 1; }
.chart .minor { stroke: #eceff3; stroke-width: 1; }
.chart .curve { fill: none; stroke: currentColor; stroke-width: 2; }
.chart .forecast { stroke-dasharray: 6 5; }
.chart .stroke { fill: none; stroke: currentColor; stroke-width: 1.6; }
.chart .mark { fill: currentColor; stroke: currentColor; stroke-width: 2; }
.chart .hollow { fill: #ffffff; }
.chart .family0 { color: #0072b2; }
.chart .family1 { color: #d55e00; }
.chart .family2 { color: #007a5a; }
.chart .family3 { color: #b5578b; }
.chart .family4 { color: #a87100; }
.chart .family5 { color: #3a86b8; }
.chart .reference { color: #7a828e; }
.chart .reference .curve { stroke-width: 1.4; stroke-dasharray: 2 4; }
@media screen and (prefers-color-scheme: dark) {
  svg.chart { background: #14181f; color: #e3e8ef; }
  .chart .grid { stroke: #3b4452; }
  .chart .minor { stroke: #20262f; }
  .chart .hollow { fill: #14181f; }
  .chart .family0 { color: #56b4e9; }
  .chart .family1 { color: #ff8a4c; }
  .chart .family2 { color: #35c49a; }
  .chart .family3 { color: #e59ac4; }
  .chart .family4 { color: #f0b429; }
  .chart .family5 { color: #9fd3f5; }
  .chart .reference { color: #98a1ae; }
}
)";
}

}  // namespace scalectl::report
