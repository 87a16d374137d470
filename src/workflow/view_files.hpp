// The versions of the workflow's two views, step readiness and task execution context, as their
// catalog files state them: some functions and a view each, in the order in which they are made.
#pragma once

#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "catalog/sql_text.hpp"

namespace scalectl::workflow {

/// The tables' names begin with this, unless told otherwise, and so do the views'.
inline constexpr const char* kDefaultPrefix = "tasker_";

/// Tasker's tables, by the names that the catalog knows them by.
inline const std::vector<std::string> kTables{
    "dependent_systems", "task_namespaces",     "named_tasks",      "named_steps",
    "tasks",             "workflow_steps",      "workflow_step_edges", "task_transitions",
    "workflow_step_transitions"};

/// One CREATE statement of a version.
struct ViewObject {
  bool is_function = false;
  std::string name;  ///< as the catalog calls it
  catalog::SqlText create;
};

struct ViewVersion {
  int version = 0;
  std::string summary;  ///< of the readiness view
  std::vector<ViewObject> objects;
  std::string checksum;

  /// True if this version makes an object of this name.
  bool makes(const std::string& name) const;
};

/// Every version, oldest first. Throws Error (usage) naming file, line and what was expected.
std::vector<ViewVersion> load_versions(const catalog::Catalog& catalog);

/// One version; the newest for 0. Throws Error (usage) that lists what there is.
ViewVersion load_version(const catalog::Catalog& catalog, int version);

}  // namespace scalectl::workflow
