#include "core/statistics.hpp"

#include <algorithm>
#include <cstddef>

namespace scalectl::core {

double median(std::vector<double> sample) {
  if (sample.empty()) return 0;
  std::sort(sample.begin(), sample.end());
  const std::size_t middle = sample.size() / 2;
  return sample.size() % 2 == 1 ? sample[middle] : (sample[middle - 1] + sample[middle]) / 2;
}

}  // namespace scalectl::core
