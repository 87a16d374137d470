#include <cmath>

#include "load/scenario/scenario.hpp"

namespace scalectl::load::scenario {

core::Nanos ThinkStep::length(std::uint64_t bits) const {
  const double unit = static_cast<double>(bits >> 11) * 0x1.0p-53;  // in [0, 1)
  const double length = kind == Kind::kUniform
                            ? static_cast<double>(least) + unit * static_cast<double>(most - least)
                            : -std::log1p(-unit) * static_cast<double>(mean);
  return static_cast<core::Nanos>(length);
}

}  // namespace scalectl::load::scenario
