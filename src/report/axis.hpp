// Ticks of an axis, and where on it a value stands; for every format that draws figures.
#pragma once

#include <string>
#include <vector>

#include "core/figure.hpp"

namespace scalectl::report {

/// A value that an axis is labelled with; a minor one has a mark and no label.
struct AxisMark {
  double value = 0;
  std::string label;
};

/// The range of one axis of a figure. Logarithmic ones end at whole decades or, where the data
/// fills less than one, at its 1, 2 or 5; linear ones begin at 0.
class AxisRange {
 public:
  /// Over `values`; those that a logarithmic axis cannot show are passed over.
  AxisRange(const core::Axis& axis, const std::vector<double>& values);

  /// 0 at the beginning of the axis, 1 at its end.
  double place(double value) const;
  /// False for what is not to be drawn: outside, or not a number.
  bool holds(double value) const;
  const std::vector<AxisMark>& marks() const { return marks_; }

 private:
  bool log_ = false;
  double low_ = 0;
  double high_ = 1;
  std::vector<AxisMark> marks_;
};

/// Everything that `figure` shows on its x or y axis: points, their spread, curves and forecasts.
std::vector<double> x_values(const core::Figure& figure);
std::vector<double> y_values(const core::Figure& figure);

/// A value as an axis writes it: "10k", "1 ms".
std::string axis_label(double value, core::Unit unit);

}  // namespace scalectl::report
