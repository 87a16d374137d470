#include "report/axis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/show.hpp"

namespace scalectl::report {
namespace {

using core::Figure;
using core::Unit;

constexpr double kSlack = 1e-9;  // of the range, for rounding

/// 1, 2 or 5 times a power of ten, so that about `wanted` steps make `range`.
double round_step(double range, int wanted) {
  const double raw = range / wanted;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw) return factor * power;
  }
  return 10 * power;
}

std::string short_count(double value) {
  for (const auto& [size, suffix] : {std::pair{1e9, "G"}, {1e6, "M"}, {1e3, "k"}}) {
    if (value >= size) return fmt::format("{:g}{}", value / size, suffix);
  }
  return fmt::format("{:g}", value);
}

}  // namespace

AxisRange::AxisRange(const core::Axis& axis, const std::vector<double>& values)
    : log_(axis.scale == core::Scale::kLog) {
  std::vector<double> shown;
  for (const double value : values) {
    if (std::isfinite(value) && (!log_ || value > 0)) shown.push_back(value);
  }
  const double least = shown.empty() ? 1 : *std::min_element(shown.begin(), shown.end());
  const double most = shown.empty() ? 1 : *std::max_element(shown.begin(), shown.end());
  if (log_) {
    low_ = std::floor(std::log10(least) + kSlack);
    high_ = std::ceil(std::log10(most) - kSlack);
    if (high_ <= low_) high_ = low_ + 1;
    for (double decade = low_; decade <= high_; ++decade) {
      const double value = std::pow(10, decade);
      marks_.push_back({.value = value, .label = axis_label(value, axis.unit)});
      if (decade == high_) break;
      for (int minor = 2; minor < 10; ++minor)
        marks_.push_back({.value = minor * value, .label = ""});
    }
  } else {
    low_ = std::min(least, 0.0);
    const double step = round_step(most > low_ ? most - low_ : 1, 5);
    low_ = std::floor(low_ / step) * step;
    high_ = std::max(std::ceil(most / step - kSlack), 1.0) * step;
    for (double value = low_; value <= high_ + step / 2; value += step) {
      marks_.push_back({.value = value, .label = axis_label(value, axis.unit)});
    }
  }
}

double AxisRange::place(double value) const {
  return ((log_ ? std::log10(value) : value) - low_) / (high_ - low_);
}

bool AxisRange::holds(double value) const {
  if (!std::isfinite(value) || (log_ && value <= 0)) return false;
  return place(value) >= -kSlack && place(value) <= 1 + kSlack;
}

std::vector<double> x_values(const Figure& figure) {
  std::vector<double> values;
  for (const core::Series& series : figure.series) {
    for (const core::Point& point : series.points) values.push_back(point.x);
    for (const auto& [x, y] : series.curve) values.push_back(x);
    for (const auto& [x, y] : series.forecast) values.push_back(x);
  }
  return values;
}

std::vector<double> y_values(const Figure& figure) {
  std::vector<double> values;
  for (const core::Series& series : figure.series) {
    for (const core::Point& point : series.points) {
      values.push_back(point.y);
      if (point.low) values.push_back(*point.low);
      if (point.high) values.push_back(*point.high);
    }
    for (const auto& [x, y] : series.curve) values.push_back(y);
    for (const auto& [x, y] : series.forecast) values.push_back(y);
  }
  return values;
}

std::string axis_label(double value, Unit unit) {
  if (unit == Unit::kSeconds) {
    if (value == 0) return "0";
    if (value < 1e-3) return fmt::format("{:g} us", value * 1e6);
    if (value < 1) return fmt::format("{:g} ms", value * 1e3);
    return short_count(value) + " s";
  }
  if (unit == Unit::kCount || unit == Unit::kPlain) return short_count(value);
  return show(value, unit);
}

}  // namespace scalectl::report
