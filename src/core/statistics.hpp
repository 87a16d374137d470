// Order statistics of small samples, for repeats of a measurement.
#pragma once

#include <vector>

namespace scalectl::core {

/// The middle value, or the mean of the two in the middle; 0 for an empty sample.
double median(std::vector<double> sample);

}  // namespace scalectl::core
