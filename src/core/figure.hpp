// Figure: a chart for people and programs: axes, series of points with their spread, and curves
// through them. How it is drawn is decided by src/report alone.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/table.hpp"
#include "core/value.hpp"

namespace scalectl::core {

enum class Scale { kLinear, kLog };

struct Axis {
  std::string title;
  Unit unit = Unit::kPlain;
  Scale scale = Scale::kLinear;  ///< kLog shows only what is more than 0
};

struct Point {
  double x = 0;
  double y = 0;
  std::optional<double> low;  ///< fastest and slowest run, or the ends of an interval
  std::optional<double> high;
};

struct Series {
  std::string key;   ///< name in JSON
  std::string name;  ///< for people
  /// Series of one family share a colour and are told apart by their marks.
  int family = 0;
  bool reference = false;  ///< what others say, to compare with: drawn in grey
  std::vector<Point> points;
  std::vector<std::pair<double, double>> curve;     ///< a law fitted to the points, in order of x
  std::vector<std::pair<double, double>> forecast;  ///< the same, past the points
};

struct Figure {
  std::string key;  ///< name in JSON
  std::string title;
  Axis x;
  Axis y;
  std::vector<Series> series;
};

/// title, x and y (title, scale), series (key, name, points of x, y, low and high); curves are left
/// out: their law stands in a table.
Value to_value(const Figure& figure);

}  // namespace scalectl::core
