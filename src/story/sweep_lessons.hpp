// What the numbers of a sweep say, in plain sentences, each computed from them.
#pragma once

#include <string>
#include <vector>

#include "story/sweep_fits.hpp"

namespace scalectl::story {

std::vector<std::string> sweep_lessons(const SweepPlan& plan, const SweepLines& lines,
                                       const std::vector<SweepFit>& fits);

}  // namespace scalectl::story
