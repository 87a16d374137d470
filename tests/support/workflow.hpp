// WorkflowTest: a database of one test's own with Tasker's tables in it.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "schema/migrations.hpp"
#include "seed/workflow.hpp"
#include "support/game.hpp"
#include "workflow/views.hpp"

namespace scalectl::test {

inline constexpr const char* kGrowingTables[] = {"tasks", "workflow_steps", "workflow_step_edges",
                                                 "task_transitions", "workflow_step_transitions"};

class WorkflowTest : public testing::Test {
 protected:
  Database database;
  pg::Session session = database.connect();
  Recorder recorder;
  catalog::Catalog catalog;
  pg::Naming naming{std::nullopt, {}, workflow::kDefaultPrefix};

  WorkflowTest() { init("workflow"); }

  core::Result init(const std::string& family,
                    const std::optional<std::string>& prefix = std::nullopt) {
    return schema::init(session, catalog, {.family = family, .prefix = prefix, .version = "test"},
                        recorder);
  }
  /// What db init workflow --partitioned does.
  core::Result partition(const std::optional<std::string>& prefix = std::nullopt) {
    return schema::init(session, catalog,
                        {.family = "workflow",
                         .prefix = prefix,
                         .version = "test",
                         .optional = {"partitioned"}},
                        recorder);
  }
  /// Tasks dated by now, unless told otherwise.
  core::Result seed(seed::WorkflowOptions options) {
    using std::chrono::microseconds;
    if (options.as_of == seed::WorkflowTime()) {
      options.as_of = std::chrono::time_point_cast<microseconds>(std::chrono::system_clock::now());
    }
    if (options.naming.prefix().empty()) options.naming = naming;
    return seed::seed_workflow(session, options, recorder);
  }
  core::Result install(int version, bool replace = false) {
    schema::ensure_bookkeeping(session, catalog, "test", recorder);
    return workflow::install_views(session, catalog, naming, version, replace, "test", recorder);
  }
  std::string scalar(const std::string& sql) { return test::scalar(session, sql); }
  std::vector<std::string> lines(const std::string& sql) { return test::lines(session, sql); }
};

}  // namespace scalectl::test
