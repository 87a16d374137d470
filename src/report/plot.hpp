// Figures in characters, for a terminal.
#pragma once

#include <string>

#include "core/figure.hpp"

namespace scalectl::report {

/// `figure` in at most 78 columns: points by the letter of their series, fitted curves in dots, and
/// below it the legend.
std::string plot(const core::Figure& figure);

}  // namespace scalectl::report
