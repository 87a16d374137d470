#include "report/plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/axis.hpp"

namespace scalectl::report {
namespace {

using core::Figure;
using core::Series;

constexpr int kColumns = 66;  // of the plot itself
constexpr int kRows = 22;

/// Letters, so that any terminal and any colour vision can tell them apart; what others say is in
/// small ones.
std::string mark_of(const Figure& figure, std::size_t index) {
  const bool reference = figure.series[index].reference;
  std::size_t place = 0;
  for (std::size_t i = 0; i < index; ++i) place += figure.series[i].reference == reference ? 1 : 0;
  return std::string(1, static_cast<char>((reference ? 'a' : 'A') + static_cast<int>(place % 26)));
}

class Canvas {
 public:
  explicit Canvas(const Figure& figure)
      : x_(figure.x, x_values(figure)),
        y_(figure.y, y_values(figure)),
        cells_(kRows, std::vector<std::string>(kColumns, " ")) {}

  /// `over`: also where there is something already. Two series in one cell are a '*'.
  void put(double x, double y, const std::string& mark, bool point) {
    if (!x_.holds(x) || !y_.holds(y)) return;
    std::string& cell = cells_[row_of(y)][column_of(x)];
    const bool taken = cell != " " && cell != "·";
    if (point) {
      cell = taken && cell != mark ? "*" : mark;
    } else if (!taken) {
      cell = mark;
    }
  }

  std::string text() const {
    std::vector<std::string> labels(kRows);
    for (const AxisMark& mark : y_.marks()) {
      if (!mark.label.empty()) labels[row_of(mark.value)] = mark.label;
    }
    std::size_t width = 0;
    for (const std::string& label : labels) width = std::max(width, label.size());
    std::string out;
    for (std::size_t row = 0; row < kRows; ++row) {
      std::string line =
          fmt::format("{:>{}} {}", labels[row], width, labels[row].empty() ? "│" : "┤");
      for (const std::string& cell : cells_[row]) line += cell;
      out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    std::string rule;
    std::vector<bool> marked(kColumns, false);
    std::string below(kColumns + 8, ' ');
    std::size_t free = 0;  // the first column that no label has
    for (const AxisMark& mark : x_.marks()) {
      if (mark.label.empty()) continue;
      const std::size_t column = column_of(mark.value);
      marked[column] = true;
      const std::size_t half = mark.label.size() / 2;
      const std::size_t from = column > half ? column - half : 0;
      if (from < free || from + mark.label.size() > below.size()) continue;
      below.replace(from, mark.label.size(), mark.label);
      free = from + mark.label.size() + 1;
    }
    for (const bool is_marked : marked) rule += is_marked ? "┴" : "─";
    out += std::string(width + 1, ' ') + "└" + rule + "\n";
    return out + std::string(width + 2, ' ') + below.substr(0, below.find_last_not_of(' ') + 1) +
           "\n";
  }

 private:
  std::size_t column_of(double x) const {
    return static_cast<std::size_t>(std::lround(x_.place(x) * (kColumns - 1)));
  }
  std::size_t row_of(double y) const {
    return static_cast<std::size_t>(kRows - 1 - std::lround(y_.place(y) * (kRows - 1)));
  }

  AxisRange x_;
  AxisRange y_;
  std::vector<std::vector<std::string>> cells_;
};

}  // namespace

std::string plot(const Figure& figure) {
  Canvas canvas(figure);
  for (const Series& series : figure.series) {
    for (const auto& [x, y] : series.curve) canvas.put(x, y, "·", false);
    for (const auto& [x, y] : series.forecast) canvas.put(x, y, "·", false);
  }
  std::string legend;
  for (std::size_t i = 0; i < figure.series.size(); ++i) {
    const std::string mark = mark_of(figure, i);
    for (const core::Point& point : figure.series[i].points)
      canvas.put(point.x, point.y, mark, true);
    legend += fmt::format("  {}  {}\n", mark, figure.series[i].name);
  }
  return fmt::format("{}\n\n{}, over {}\n{}\n{}  *  several of them; dots: fitted laws\n",
                     figure.title, figure.y.title, figure.x.title, canvas.text(), legend);
}

}  // namespace scalectl::report
