// Figures as SVG elements; svg.cpp and html.cpp put them into documents.
#pragma once

#include <string>

#include "core/figure.hpp"

namespace scalectl::report {

struct Chart {
  double width = 0;  ///< in pixels
  double height = 0;
  std::string elements;
};

/// Axes with marks at the decades, a grid, points with their spread, curves (dashed past the
/// points) and a legend beside the plot, as wide as its longest name. Only presentation attributes
/// and classes are used, no style attributes: a content security policy need not allow them.
Chart chart(const core::Figure& figure);

/// The rules for the classes: colours that the usual kinds of colour blindness tell apart (Okabe
/// and Ito 2008; lighter ones on a dark ground), and the fonts.
std::string chart_style();

}  // namespace scalectl::report
