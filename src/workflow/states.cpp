#include "workflow/states.hpp"

namespace scalectl::workflow {

std::string_view name_of(Kind kind) { return kind == Kind::kTask ? "task" : "step"; }

const std::vector<std::string>& states() {
  static const std::vector<std::string> all{"pending", "in_progress", "complete",
                                            "error",   "cancelled",   "resolved_manually"};
  return all;
}

std::vector<std::string> next_states(Kind kind, const std::string& state) {
  if (state == "pending") return {"in_progress", "error", "cancelled", "resolved_manually"};
  if (state == "error") return {"pending", "resolved_manually"};
  if (state != "in_progress") return {};
  std::vector<std::string> next{"complete", "error", "cancelled"};
  if (kind == Kind::kTask) next.emplace_back("pending");
  return next;
}

}  // namespace scalectl::workflow
