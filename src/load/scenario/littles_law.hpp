// Little's law (J. D. C. Little, 1961): users = requests a second * mean time. Users who do nothing
// but request have no third number to choose: two of a scenario's expectations fix the other.
#pragma once

#include "load/scenario/scenario.hpp"

namespace scalectl::load::scenario {

/// Adds a note for each stage whose expected requests a second and mean response do not go together
/// with its users. Says nothing of users who think, pace themselves or do more than one thing.
void add_littles_law(Scenario& scenario);

}  // namespace scalectl::load::scenario
