// A directed graph of steps, for finding cycles without ever running in one.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace scalectl::workflow {

using Edge = std::pair<std::int64_t, std::int64_t>;  // from, to

/// The strongly connected components of more than one step, and steps with an edge to themselves:
/// every cycle lies in one of them. Steps within one are in ascending order, and so are the
/// components by their first step. Tarjan's algorithm (SIAM J. Comput. 1972), without recursion:
/// O(steps + edges).
std::vector<std::vector<std::int64_t>> cycles(const std::vector<Edge>& edges);

}  // namespace scalectl::workflow
