#include "workflow/graph.hpp"

#include <algorithm>
#include <unordered_map>

namespace scalectl::workflow {
namespace {

constexpr std::size_t kUnseen = static_cast<std::size_t>(-1);

/// The edges in compressed form: the targets of node i are targets[first[i]] … targets[first[i+1]-1].
struct Graph {
  std::vector<std::int64_t> ids;
  std::vector<std::size_t> first;
  std::vector<std::size_t> targets;
  std::vector<bool> loops;  // has an edge to itself
};

Graph compress(const std::vector<Edge>& edges) {
  Graph graph;
  std::unordered_map<std::int64_t, std::size_t> index;
  const auto node = [&](std::int64_t id) {
    const auto [at, added] = index.try_emplace(id, graph.ids.size());
    if (added) graph.ids.push_back(id);
    return at->second;
  };
  std::vector<std::pair<std::size_t, std::size_t>> compact;
  compact.reserve(edges.size());
  for (const auto& [from, to] : edges) {
    const std::size_t tail = node(from);
    compact.emplace_back(tail, node(to));
  }
  graph.first.assign(graph.ids.size() + 1, 0);
  graph.loops.assign(graph.ids.size(), false);
  for (const auto& [from, to] : compact) {
    ++graph.first[from + 1];
    if (from == to) graph.loops[from] = true;
  }
  for (std::size_t i = 0; i < graph.ids.size(); ++i) graph.first[i + 1] += graph.first[i];
  std::vector<std::size_t> next(graph.first.begin(), graph.first.end() - 1);
  graph.targets.resize(compact.size());
  for (const auto& [from, to] : compact) graph.targets[next[from]++] = to;
  return graph;
}

}  // namespace

std::vector<std::vector<std::int64_t>> cycles(const std::vector<Edge>& edges) {
  const Graph graph = compress(edges);
  const std::size_t count = graph.ids.size();
  std::vector<std::size_t> order(count, kUnseen);
  std::vector<std::size_t> low(count, 0);
  std::vector<std::size_t> edge(graph.first);  // the next edge to follow from each node
  std::vector<bool> open(count, false);
  std::vector<std::size_t> stack;  // nodes whose component is not known yet
  std::vector<std::size_t> path;   // nodes being visited
  std::vector<std::vector<std::int64_t>> found;
  std::size_t clock = 0;

  for (std::size_t root = 0; root < count; ++root) {
    if (order[root] != kUnseen) continue;
    path.push_back(root);
    while (!path.empty()) {
      const std::size_t node = path.back();
      if (order[node] == kUnseen) {
        order[node] = low[node] = clock++;
        stack.push_back(node);
        open[node] = true;
      }
      if (edge[node] < graph.first[node + 1]) {
        const std::size_t target = graph.targets[edge[node]++];
        if (order[target] == kUnseen) {
          path.push_back(target);
        } else if (open[target]) {
          low[node] = std::min(low[node], order[target]);
        }
        continue;
      }
      path.pop_back();
      if (!path.empty()) low[path.back()] = std::min(low[path.back()], low[node]);
      if (low[node] != order[node]) continue;
      std::vector<std::int64_t> component;
      for (std::size_t member = kUnseen; member != node;) {
        member = stack.back();
        stack.pop_back();
        open[member] = false;
        component.push_back(graph.ids[member]);
      }
      if (component.size() > 1 || graph.loops[node]) {
        std::sort(component.begin(), component.end());
        found.push_back(std::move(component));
      }
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace scalectl::workflow
