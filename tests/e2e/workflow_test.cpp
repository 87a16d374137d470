// The workflow commands through the binary: exit codes, output, and what people get wrong.
#include <gmock/gmock.h>

#include "support/e2e.hpp"
#include "support/json.hpp"

namespace scalectl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Workflow : public OnDatabase {
 protected:
  void seed(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{"seed", "workflow", "--as-of", "now"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    for (const auto& command : {std::vector<std::string>{"db", "init", "workflow"}, arguments}) {
      const Outcome outcome = scalectl(command);
      ASSERT_EQ(outcome.code, 0) << outcome.err;
    }
  }
  /// The result that `arguments` print as JSON, held against the contract.
  core::Value result_of(std::vector<std::string> arguments, int code = 0) {
    arguments.insert(arguments.end(), {"--format", "json"});
    const Outcome outcome = scalectl(arguments);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    const core::Value result = json(outcome.out);
    EXPECT_THAT(violations(result), IsEmpty()) << outcome.out;
    return result;
  }
  /// Runs it and expects a refusal whose line has all of `words`.
  void expect_refusal(const std::vector<std::string>& arguments,
                      const std::vector<std::string>& words) {
    const Outcome outcome = scalectl(arguments);
    EXPECT_TRUE(is_refusal(outcome, 2)) << testing::PrintToString(arguments);
    for (const std::string& word : words) EXPECT_THAT(outcome.err, HasSubstr(word));
  }
};

TEST_F(Workflow, Seed_PrintsWhatItMade) {
  ASSERT_EQ(scalectl({"db", "init", "workflow"}).code, 0);
  const core::Value result = result_of({"seed", "workflow", "--tasks", "20", "--steps", "3",
                                        "--shape", "tree", "--states", "fresh"});
  EXPECT_EQ(text_at(result, "command"), "seed");
  EXPECT_EQ(text_at(result, "name"), "workflow");
  EXPECT_EQ(text_at(result, "params.shape"), "tree");
  EXPECT_EQ(text_at(result, "params.states"), "fresh");
  EXPECT_EQ(integer_at(result, "metrics.rows"), 20 + 60 + 40 + 20 + 60);
  EXPECT_EQ(cell("SELECT count(*) FROM tasker_workflow_steps"), "60");
}

TEST_F(Workflow, SeedWithBadInput_IsRefusedAndChangesNothing) {
  seed({"--tasks", "5"});
  const std::string before = everything();
  expect_refusal({"seed", "workflow", "--tasks", "0", "--replace"}, {"--tasks 0"});
  expect_refusal({"seed", "workflow", "--tasks", "-1", "--replace"}, {"--tasks"});
  expect_refusal({"seed", "workflow", "--steps", "0", "--replace"}, {"--steps 0"});
  expect_refusal({"seed", "workflow", "--steps", "9000", "--replace"}, {"--steps 9000"});
  expect_refusal({"seed", "workflow", "--shape", "tre", "--replace"}, {"tre", "tree"});
  expect_refusal({"seed", "workflow", "--states", "failing", "--replace"}, {"failing"});
  expect_refusal({"seed", "workflow", "--append", "--replace"}, {"contradict"});
  expect_refusal({"seed", "workflow", "--max-age", "3651d", "--replace"}, {"--max-age", "3650d"});
  expect_refusal({"seed", "workflow", "--max-age", "-1d", "--replace"}, {"--max-age"});
  expect_refusal({"seed", "workflow", "--tasks", "5"}, {"is not empty", "--append"});
  EXPECT_EQ(everything(), before);
}

TEST_F(Workflow, Ready_AnswersForTasksAndForAll) {
  seed({"--tasks", "20", "--shape", "linear", "--states", "fresh"});
  const core::Value one = result_of({"workflow", "ready", "--task", "17"});
  EXPECT_EQ(integer_at(one, "metrics.ready_steps"), 1);
  EXPECT_EQ(text_at(one, "params.view"), "v3");
  EXPECT_EQ(text_at(one, "params.task"), "17");
  EXPECT_EQ(integer_at(one, "tables.steps.0.workflow_step_id"), 97);
  EXPECT_EQ(text_at(one, "tables.steps.0.reason"), "ready");
  EXPECT_EQ(text_at(one, "tables.steps.1.reason"), "waits for 1 of 1 parents: step_1 (pending)");
  const core::Value all = result_of({"workflow", "ready", "--all", "--limit", "3"});
  EXPECT_EQ(integer_at(all, "metrics.ready_steps"), 20);
  EXPECT_EQ(at(all, "tables.steps").if_array()->size(), 3U);
  const core::Value some =
      result_of({"workflow", "ready", "--task", "1,2", "--task", "3", "--view", "v2"});
  EXPECT_EQ(at(some, "tables.steps").if_array()->size(), 18U);
  EXPECT_EQ(text_at(some, "params.view"), "v2");
  const core::Value free = result_of({"workflow", "ready", "--all", "--no-backoff"});
  EXPECT_TRUE(*at(free, "params.no_backoff").if_bool());
  const Outcome text = scalectl({"workflow", "ready", "--task", "17"});
  EXPECT_EQ(text.code, 0);
  EXPECT_THAT(text.out, AllOf(HasSubstr("step_1"), HasSubstr("waits for 1 of 1 parents")));
}

TEST_F(Workflow, Contexts_AnswerForTasksAndForAll) {
  seed({"--tasks", "20", "--states", "fresh"});
  const core::Value one = result_of({"workflow", "contexts", "--task", "3"});
  EXPECT_EQ(text_at(one, "tables.tasks.0.execution_status"), "has_ready_steps");
  EXPECT_EQ(text_at(one, "tables.tasks.0.recommended_action"), "execute_ready_steps");
  EXPECT_EQ(integer_at(one, "tables.tasks.0.total_steps"), 6);
  const core::Value all = result_of({"workflow", "contexts", "--all"});
  EXPECT_EQ(integer_at(all, "tables.summary.0.tasks"), 20);
  EXPECT_EQ(at(all, "tables.tasks").if_array()->size(), 20U);
}

TEST_F(Workflow, QueryWithBadInput_IsRefused) {
  seed({"--tasks", "5"});
  const std::string before = everything();
  for (const char* verb : {"ready", "contexts"}) {
    expect_refusal({"workflow", verb}, {"which tasks?", "--task ID"});
    expect_refusal({"workflow", verb, "--all", "--task", "1"}, {"contradict"});
    expect_refusal({"workflow", verb, "--task", "99"}, {"there is no task 99"});
    expect_refusal({"workflow", verb, "--task", "1,x"}, {"x"});
    expect_refusal({"workflow", verb, "--task", "1,"}, {"--task"});
    expect_refusal({"workflow", verb, "--all", "--view", "v9"}, {"v9", "there are: v1, v2, v3"});
    expect_refusal({"workflow", verb, "--all", "--view", "new"}, {"\"new\" is not a version"});
    expect_refusal({"workflow", verb, "--all", "--no-backoff", "--view", "v2"},
                   {"--no-backoff", "--view v3"});
    expect_refusal({"workflow", verb, "--all", "--limit", "-1"}, {"--limit"});
  }
  EXPECT_EQ(everything(), before);
}

TEST_F(Workflow, Transition_MovesAStepAndATask) {
  seed({"--tasks", "5", "--states", "fresh"});
  const core::Value moved = result_of({"workflow", "transition", "step", "1", "in_progress"});
  EXPECT_EQ(text_at(moved, "command"), "workflow transition");
  EXPECT_EQ(text_at(moved, "name"), "step");
  EXPECT_EQ(text_at(moved, "metrics.from_state"), "pending");
  EXPECT_EQ(integer_at(moved, "metrics.sort_key"), 20);
  EXPECT_EQ(
      scalectl({"workflow", "transition", "task", "2", "in_progress", "--from", "pending"}).code,
      0);
  EXPECT_EQ(cell("SELECT to_state FROM tasker_task_transitions WHERE task_id = 2 AND most_recent"),
            "in_progress");
}

TEST_F(Workflow, TransitionWithBadInput_IsRefusedAndChangesNothing) {
  seed({"--tasks", "5", "--states", "fresh"});
  const std::string before = everything();
  const auto refused = [&](const std::vector<std::string>& rest, const std::string& message,
                           const std::string& hint) {
    std::vector<std::string> arguments{"workflow", "transition"};
    arguments.insert(arguments.end(), rest.begin(), rest.end());
    expect_refusal(arguments, {message, hint});
  };
  refused({"step", "1", "complete"}, "step 1 is pending: it cannot become complete",
          "in_progress, error, cancelled");
  refused({"step", "999", "error"}, "there is no step 999", "tasker_workflow_steps");
  refused({"step", "1", "in-progress"}, "there is no state \"in-progress\"",
          "did you mean \"in_progress\"?");
  refused({"stp", "1", "error"}, "\"stp\" is neither step nor task", "for example");
  refused({"step", "one", "error"}, "one", "");
  refused({"step", "1", "in_progress", "--from", "error"}, "step 1 is pending, not error", "");
  refused({"step", "1"}, "STATE", "");
  EXPECT_EQ(everything(), before);
}

TEST_F(Workflow, Check_ExitsWith1WhileAnythingIsWrong) {
  seed({"--tasks", "5", "--states", "fresh", "--shape", "linear"});
  EXPECT_EQ(integer_at(result_of({"workflow", "check"}), "metrics.findings"), 0);
  sql("UPDATE tasker_workflow_step_transitions SET most_recent = false WHERE workflow_step_id = 4");
  sql("INSERT INTO tasker_workflow_step_edges (from_step_id, to_step_id, name) VALUES (2, 1, 'x')");
  const core::Value found = result_of({"workflow", "check"}, 1);
  EXPECT_EQ(text_at(found, "verdict"), "fail");
  EXPECT_EQ(text_at(found, "tables.findings.0.examples"), "steps 1, 2");
  const core::Value repaired = result_of({"workflow", "check", "--repair"}, 1);
  EXPECT_EQ(integer_at(repaired, "metrics.repaired"), 1);
  EXPECT_EQ(integer_at(repaired, "metrics.findings"), 1);
  sql("DELETE FROM tasker_workflow_step_edges WHERE name = 'x'");
  EXPECT_EQ(scalectl({"workflow", "check"}).code, 0);
}

TEST_F(Workflow, Views_InstallStatusAndRollback) {
  ASSERT_EQ(scalectl({"db", "init", "workflow"}).code, 0);
  EXPECT_EQ(text_at(result_of({"workflow", "views", "status"}), "verdict"), "warn");
  EXPECT_EQ(
      integer_at(result_of({"workflow", "views", "install", "--view", "1"}), "metrics.version"), 1);
  EXPECT_EQ(integer_at(result_of({"workflow", "views", "install"}), "metrics.version"), 3);
  const core::Value status = result_of({"workflow", "views", "status"});
  EXPECT_EQ(text_at(status, "verdict"), "pass");
  EXPECT_EQ(text_at(status, "tables.versions.2.state"), "installed");
  EXPECT_EQ(integer_at(result_of({"workflow", "views", "rollback"}), "metrics.version"), 1);
  EXPECT_EQ(scalectl({"workflow", "views", "rollback"}).code, 0);
  expect_refusal({"workflow", "views", "rollback"}, {"nothing to roll back", "views install"});
  expect_refusal({"workflow", "views", "install", "--view", "v9"}, {"v9", "v1, v2, v3"});
  sql("CREATE VIEW tasker_task_execution_contexts AS SELECT 1 AS mine");
  expect_refusal({"workflow", "views", "install"}, {"tasker_task_execution_contexts", "--replace"});
  EXPECT_EQ(scalectl({"workflow", "views", "install", "--replace"}).code, 0);
  EXPECT_EQ(scalectl({"workflow", "views", "rollback"}).code, 0);
  EXPECT_EQ(cell("SELECT mine FROM tasker_task_execution_contexts"), "1");
}

TEST_F(Workflow, UnderAnotherPrefix_IsTheSame) {
  const std::vector<std::string> naming{"--prefix", "Wf \"1\"; "};
  const auto with = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), naming.begin(), naming.end());
    return arguments;
  };
  for (const auto& command : std::vector<std::vector<std::string>>{
           {"db", "init", "workflow"},
           {"seed", "workflow", "--tasks", "5", "--states", "fresh"},
           {"workflow", "views", "install"},
           {"workflow", "transition", "step", "1", "in_progress"},
           {"workflow", "check"},
           {"workflow", "contexts", "--all"},
           {"index", "apply", "workflow"},
           {"index", "apply", "workflow-best"}}) {
    const Outcome outcome = scalectl(with(command));
    EXPECT_EQ(outcome.code, 0) << testing::PrintToString(command) << outcome.err;
  }
  const core::Value ready = result_of(with({"workflow", "ready", "--task", "1"}));
  EXPECT_EQ(text_at(ready, "tables.steps.0.reason"), "running");
}

TEST_F(Workflow, Partitioned_WorksLikeThePlainOne) {
  seed({"--tasks", "200"});
  const core::Value made = result_of({"db", "init", "workflow", "--partitioned"});
  EXPECT_EQ(integer_at(made, "metrics.applied"), 1);
  EXPECT_EQ(integer_at(made, "metrics.made"), 0);
  EXPECT_EQ(text_at(made, "params.optional"), "partitioned");
  for (const auto& command : std::vector<std::vector<std::string>>{
           {"db", "init", "workflow"},
           {"db", "status", "workflow"},
           {"workflow", "views", "install"},
           {"index", "apply", "workflow-best"},
           {"index", "status", "workflow-best"},
           {"seed", "workflow", "--tasks", "50", "--append", "--as-of", "now"},
           {"workflow", "ready", "--task", "17"},
           {"workflow", "contexts", "--all"},
           {"workflow", "archive", "--older-than", "10d"},
           {"workflow", "check"},
           {"index", "drop", "workflow-best"}}) {
    const core::Value result = result_of(command);
    EXPECT_EQ(text_at(result, "verdict"), "pass") << testing::PrintToString(command);
  }
  EXPECT_EQ(cell("SELECT count(*) FROM tasker_workflow_step_transitions_history_default"), "0");
}

TEST_F(Workflow, GamePartitioned_IsRefusedBeforeItConnects) {
  const Outcome outcome =
      test::scalectl({"db", "init", "game", "--partitioned"},
                     {{"DATABASE_URL", "host=/nonexistent dbname=nowhere"}});
  EXPECT_TRUE(is_refusal(outcome, 2));
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("reference schema game cannot be partitioned"),
                                 HasSubstr("leave the option out")));
}

TEST_F(Workflow, WithoutTables_SaysHowToMakeThem) {
  // The lab makes missing tables by itself; of a table that went missing it knows only the record.
  ASSERT_EQ(scalectl({"db", "init", "workflow"}).code, 0);
  sql("DROP TABLE tasker_tasks CASCADE");
  for (const auto& command :
       std::vector<std::vector<std::string>>{{"workflow", "ready", "--all"},
                                             {"workflow", "contexts", "--task", "1"},
                                             {"workflow", "transition", "task", "1", "error"},
                                             {"workflow", "views", "status"},
                                             {"workflow", "views", "install"}}) {
    expect_refusal(command, {"tasker_tasks", "scalectl db init"});
  }
  sql("DROP TABLE tasker_workflow_step_edges");
  expect_refusal({"workflow", "check"}, {"tasker_workflow_step_edges", "scalectl db init"});
}

// A dump of a real Tasker database, in a lab: used as it is, archived, and never dropped.
TEST_F(Workflow, OnARealTaskerDatabase_WorksAndLeavesItsTables) {
  seed({"--tasks", "200"});
  sql("DROP SCHEMA scalectl CASCADE");
  sql("DROP TABLE tasker_archived_tasks, tasker_archived_workflow_steps,"
      " tasker_archived_workflow_step_edges, tasker_archived_task_transitions,"
      " tasker_archived_workflow_step_transitions");
  for (const char* table :
       {"dependent_systems", "task_namespaces", "named_tasks", "named_steps", "tasks",
        "workflow_steps", "workflow_step_edges", "task_transitions", "workflow_step_transitions"}) {
    sql(std::string("ALTER TABLE tasker_") + table +
        " ALTER created_at DROP DEFAULT, ALTER updated_at DROP DEFAULT");
  }
  for (const auto& command :
       std::vector<std::vector<std::string>>{{"workflow", "ready", "--task", "3"},
                                             {"workflow", "check"},
                                             {"index", "apply", "workflow-best"}}) {
    const Outcome outcome = scalectl(command);
    EXPECT_EQ(outcome.code, 0) << testing::PrintToString(command) << outcome.err;
  }
  expect_refusal({"workflow", "archive"}, {"tasker_archived_tasks", "scalectl db init"});
  const core::Value made = result_of({"db", "init", "workflow"});
  EXPECT_EQ(integer_at(made, "metrics.found"), 1);
  EXPECT_NE(integer_at(result_of({"workflow", "archive"}), "metrics.tasks"), 0);
  seed({"--tasks", "20", "--replace", "--steps", "9"});
  ASSERT_EQ(scalectl({"workflow", "views", "install"}).code, 0);
  ASSERT_EQ(scalectl({"db", "drop", "workflow", "--yes"}).code, 0);  // the archive, which is ours
  EXPECT_EQ(cell("SELECT count(*) FROM tasker_tasks"), "20");
  EXPECT_EQ(cell("SELECT to_regclass('tasker_archived_tasks') IS NULL"), "t");
}

TEST_F(Workflow, DropUnderTheViews_NamesTheRollback) {
  seed({"--tasks", "2"});
  ASSERT_EQ(scalectl({"workflow", "views", "install"}).code, 0);
  expect_refusal({"db", "drop", "workflow"}, {"scalectl workflow views rollback"});
  ASSERT_EQ(scalectl({"workflow", "views", "rollback"}).code, 0);
  EXPECT_EQ(scalectl({"db", "drop", "workflow"}).code, 0);
}

TEST_F(Workflow, OfATaskWith5000Steps_Answers) {
  seed({"--tasks", "1", "--steps", "5000", "--shape", "parallel", "--states", "fresh"});
  EXPECT_EQ(integer_at(result_of({"workflow", "ready", "--task", "1"}), "metrics.ready_steps"),
            4999);
  const core::Value context = result_of({"workflow", "contexts", "--task", "1"});
  EXPECT_EQ(integer_at(context, "tables.tasks.0.ready_steps"), 4999);
  EXPECT_EQ(scalectl({"workflow", "check"}).code, 0);
}

class WorkflowReader : public Workflow {
 protected:
  std::string role_ = "reader_" + database_.name();

  void SetUp() override {
    seed({"--tasks", "5", "--states", "fresh"});
    sql("CREATE ROLE " + role_ + " LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO " + role_);
  }
  void TearDown() override { sql("DROP OWNED BY " + role_ + "; DROP ROLE " + role_); }
  Outcome as_reader(const std::vector<std::string>& arguments) const {
    return test::scalectl(arguments, {{"DATABASE_URL", database_.dsn() + " user=" + role_}});
  }
};

TEST_F(WorkflowReader, MayAskAndMayNotMove) {
  const Outcome ready = as_reader({"workflow", "ready", "--task", "1"});
  EXPECT_EQ(ready.code, 0) << ready.err;
  EXPECT_EQ(as_reader({"workflow", "contexts", "--all"}).code, 0);
  EXPECT_EQ(as_reader({"workflow", "check"}).code, 0);
  const std::string before = everything();
  for (const auto& command :
       std::vector<std::vector<std::string>>{{"workflow", "transition", "step", "1", "in_progress"},
                                             {"workflow", "check", "--repair"},
                                             {"workflow", "views", "install"},
                                             {"workflow", "views", "rollback"}}) {
    const Outcome outcome = as_reader(command);
    EXPECT_TRUE(is_refusal(outcome, 2)) << command[1] << outcome.err;
    EXPECT_THAT(outcome.err, Not(HasSubstr("LINE 1")));
  }
  EXPECT_EQ(everything(), before);
}

}  // namespace
}  // namespace scalectl::test
