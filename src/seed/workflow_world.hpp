// The rows of synthetic workflows: pure functions of (plan, task). A task's story is told once for each
// table that needs it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "pg/copy_format.hpp"
#include "seed/bulk.hpp"
#include "seed/workflow_story.hpp"

namespace scalectl::seed {

/// One table: its name in the catalog, its columns, and the rows it holds for one task.
struct WorkflowTable {
  std::string_view name;
  std::string_view key;  ///< the identity column
  std::vector<ColumnSpec> columns;
  void (*make_rows)(const WorkflowPlan& plan, std::uint64_t task, pg::CopyBuffer& out);
};

/// The tables that grow with the tasks, in an order in which every table comes after those it
/// refers to.
const std::vector<WorkflowTable>& workflow_tables();

}  // namespace scalectl::seed
