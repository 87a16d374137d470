#include "core/figure.hpp"

namespace scalectl::core {
namespace {

Value or_null(const std::optional<double>& value) { return value ? Value(*value) : Value(); }

Value to_value(const Axis& axis) {
  return Object{{"title", axis.title}, {"scale", axis.scale == Scale::kLog ? "log" : "linear"}};
}

Value to_value(const Series& series) {
  Array points;
  for (const Point& point : series.points) {
    points.emplace_back(Object{{"x", point.x},
                               {"y", point.y},
                               {"low", or_null(point.low)},
                               {"high", or_null(point.high)}});
  }
  return Object{{"key", series.key},
                {"name", series.name},
                {"reference", series.reference},
                {"points", std::move(points)}};
}

}  // namespace

Value to_value(const Figure& figure) {
  Array series;
  for (const Series& one : figure.series) series.push_back(to_value(one));
  return Object{{"title", figure.title},
                {"x", to_value(figure.x)},
                {"y", to_value(figure.y)},
                {"series", std::move(series)}};
}

}  // namespace scalectl::core
