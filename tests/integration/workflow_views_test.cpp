// Versions of the views in a database: switching, going back, and what stands in the way.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "support/thrown.hpp"
#include "support/workflow.hpp"
#include "workflow/readiness.hpp"

namespace scalectl {
namespace {

using core::ErrorKind;
using test::error_of;
using test::metric;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

struct WorkflowViews : test::WorkflowTest {
  core::Result roll_back() { return workflow::roll_back_views(session, catalog, naming, recorder); }
  core::Result status() { return workflow::views_status(session, catalog, naming); }
  workflow::Views open(int version = 0) {
    return workflow::Views::open(session, catalog, naming, version);
  }
  /// Every view and function of the workflow, with its definition.
  std::string there() {
    return scalar(
        "SELECT coalesce(string_agg(what, E'\\n' ORDER BY what), '') FROM ("
        " SELECT relname || ': ' || pg_get_viewdef(oid) AS what FROM pg_class"
        "  WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace"
        " UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc"
        "  WHERE pronamespace = 'public'::regnamespace) t");
  }
  void make_foreign_view() {
    session.query(
        "CREATE VIEW tasker_step_readiness_statuses AS"
        " SELECT workflow_step_id, 'theirs' AS current_state FROM tasker_workflow_steps");
  }
};

TEST_F(WorkflowViews, ThreeInstallsAndThreeRollbacks_PassThroughTheSameStates) {
  const std::string nothing = there();
  EXPECT_EQ(nothing, "");
  EXPECT_EQ(metric(install(1), "previous_version"), "");
  const std::string first = there();
  EXPECT_EQ(metric(install(2), "previous_version"), "1");
  const std::string second = there();
  EXPECT_NE(second, first);
  EXPECT_EQ(metric(install(0), "version"), "3");
  EXPECT_THAT(there(), HasSubstr("step_readiness_for_tasks"));

  core::Result back = roll_back();
  EXPECT_EQ(metric(back, "version"), "2");
  EXPECT_EQ(metric(back, "previous_version"), "3");
  EXPECT_EQ(there(), second);
  EXPECT_EQ(metric(roll_back(), "version"), "1");
  EXPECT_EQ(there(), first);
  EXPECT_EQ(metric(roll_back(), "version"), "null");
  EXPECT_EQ(there(), nothing);
  EXPECT_EQ(error_of([&] { roll_back(); }).message(), "there is nothing to roll back");
}

TEST_F(WorkflowViews, InstalledAgain_DoesNothing) {
  install(2);
  const std::string oid = scalar("SELECT 'tasker_step_readiness_statuses'::regclass::oid");
  const core::Result again = install(2);
  EXPECT_THAT(again.notes, ElementsAre("nothing to do: v2 is installed"));
  EXPECT_EQ(scalar("SELECT 'tasker_step_readiness_statuses'::regclass::oid"), oid);
  roll_back();
  EXPECT_EQ(there(), "");
}

TEST_F(WorkflowViews, Status_SaysWhichVersionIsThere) {
  core::Result now = status();
  EXPECT_EQ(now.verdict, core::Verdict::kWarn);
  EXPECT_THAT(test::column(now, "state"),
              ElementsAre("\"available\"", "\"available\"", "\"available\""));
  EXPECT_THAT(now.notes, ElementsAre(HasSubstr("scalectl workflow views install")));
  install(2);
  now = status();
  EXPECT_EQ(now.verdict, core::Verdict::kPass);
  EXPECT_EQ(metric(now, "version"), "2");
  EXPECT_THAT(test::column(now, "state"),
              ElementsAre("\"available\"", "\"installed\"", "\"available\""));
}

TEST_F(WorkflowViews, DroppedSince_IsSaidByStatusAndMendedByInstall) {
  install(3);
  session.query("DROP VIEW tasker_task_execution_contexts");
  const core::Result now = status();
  EXPECT_EQ(now.verdict, core::Verdict::kWarn);
  EXPECT_THAT(test::column(now, "state"),
              ElementsAre("\"available\"", "\"available\"", "\"dropped since\""));
  install(3);
  EXPECT_EQ(status().verdict, core::Verdict::kPass);
  EXPECT_EQ(scalar("SELECT count(*) FROM tasker_task_execution_contexts"), "0");
}

TEST_F(WorkflowViews, ViewOfSomebodyElse_IsRefusedUnlessReplacedAndComesBack) {
  make_foreign_view();
  const std::string before = there();
  const core::Error error = error_of([&] { install(3); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_THAT(error.message(), AllOf(HasSubstr("\"tasker_step_readiness_statuses\""),
                                     HasSubstr("scalectl did not install it")));
  EXPECT_THAT(error.hint(), HasSubstr("--replace"));
  EXPECT_EQ(there(), before);
  EXPECT_THAT(status().notes, ElementsAre(HasSubstr("not installed by scalectl")));

  install(3, true);
  install(2);
  EXPECT_EQ(metric(roll_back(), "version"), "3");
  EXPECT_EQ(metric(roll_back(), "version"), "0");
  EXPECT_EQ(there(), before);
  EXPECT_EQ(error_of([&] { roll_back(); }).message(), "there is nothing to roll back");
}

TEST_F(WorkflowViews, ThatOthersDependOn_AreNotSwitchedAndNothingChanges) {
  install(2);
  session.query("CREATE VIEW report AS SELECT current_state FROM tasker_step_readiness_statuses");
  const std::string before = there();
  for (const core::Error& error : {error_of([&] { install(3); }), error_of([&] { roll_back(); })}) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage) << error.what();
    EXPECT_THAT(error.what(), HasSubstr("view report"));
    EXPECT_THAT(error.hint(), HasSubstr("drop"));
  }
  EXPECT_EQ(there(), before);
  EXPECT_EQ(metric(status(), "version"), "2");
}

TEST_F(WorkflowViews, UnknownVersion_ChangesNothing) {
  install(1);
  const std::string before = there();
  EXPECT_EQ(error_of([&] { install(9); }).message(), "there is no version v9 of the views");
  EXPECT_EQ(there(), before);
}

TEST_F(WorkflowViews, WithoutTables_AreRefusedWithWhatToDo) {
  session.query("DROP TABLE tasker_tasks CASCADE");
  const core::Error error = error_of([&] { install(3); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_THAT(error.message(), HasSubstr("tasker_tasks"));
  EXPECT_THAT(error.hint(), HasSubstr("(or workflow)"));
}

TEST_F(WorkflowViews, NotInstalled_AreMadeForTheSessionAndGoWithIt) {
  seed({.tasks = 5});
  for (const int version : {1, 2, 3}) {
    pg::Session mine = database.connect();
    const auto views = workflow::Views::open(mine, catalog, naming, version);
    EXPECT_TRUE(views.temporary());
    EXPECT_EQ(views.version(), version);
    EXPECT_EQ(views.has_functions(), version == 3);
    EXPECT_EQ(test::scalar(mine, "SELECT count(*) FROM " + views.object("step_readiness_statuses")),
              "30");
    EXPECT_EQ(test::column(workflow::contexts(mine, views, {.tasks = {2}}), "task_id").at(0), "2");
    EXPECT_EQ(there(), "");
  }
}

TEST_F(WorkflowViews, Installed_AreUsed_AndAnotherVersionIsTemporary) {
  install(2);
  EXPECT_EQ(open().version(), 2);
  EXPECT_FALSE(open().temporary());
  EXPECT_FALSE(open(2).temporary());
  EXPECT_TRUE(open(3).temporary());
}

TEST_F(WorkflowViews, OfOtherTextThanOurs_AreNotTrusted) {
  install(3);
  session.query("UPDATE scalectl.view_versions SET checksum = 'other'");
  EXPECT_EQ(status().verdict, core::Verdict::kWarn);
  const core::Error error = error_of([&] { open(); });
  EXPECT_THAT(error.message(), HasSubstr("not this scalectl's v3"));
  EXPECT_THAT(error.hint(), HasSubstr("views install"));
  install(3);
  EXPECT_FALSE(open().temporary());
}

TEST_F(WorkflowViews, OfTwoPrefixes_AreApart) {
  const pg::Naming other(std::nullopt, {}, "Flow \"x\" ");
  init("workflow", other.prefix());
  install(2);
  workflow::install_views(session, catalog, other, 3, false, "test", recorder);
  EXPECT_EQ(metric(status(), "version"), "2");
  EXPECT_EQ(metric(workflow::views_status(session, catalog, other), "version"), "3");
  EXPECT_EQ(scalar("SELECT count(*) FROM \"Flow \"\"x\"\" task_execution_contexts\""), "0");
  EXPECT_EQ(scalar("SELECT count(*) FROM \"Flow \"\"x\"\" step_readiness_for_task\"(1)"), "0");
  EXPECT_EQ(metric(workflow::roll_back_views(session, catalog, other, recorder), "version"),
            "null");
  EXPECT_EQ(metric(status(), "version"), "2");
}

TEST_F(WorkflowViews, OnATableOfAnotherName_ReadIt) {
  session.query("ALTER TABLE tasker_workflow_steps RENAME TO \"Steps; --\"");
  naming = {std::nullopt, {"workflow_steps=Steps; --"}, "tasker_"};
  install(3);
  seed({.tasks = 4, .naming = naming});
  EXPECT_EQ(scalar("SELECT count(*) FROM tasker_step_readiness_statuses"), "24");
  EXPECT_EQ(metric(workflow::ready(session, open(), {.tasks = {1}}), "ready_steps").empty(), false);
}

/// A login that may read everything and write nothing.
struct ReadOnlyRole : WorkflowViews {
  std::string role = "reader_" + database.name();

  ReadOnlyRole() {
    seed({.tasks = 5});
    session.query("CREATE ROLE " + role +
                  " LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO " + role);
  }
  ~ReadOnlyRole() override { session.query("DROP OWNED BY " + role + "; DROP ROLE " + role); }
  pg::Session reader() const {
    return pg::Session({database.target().conninfo + " user=" + role}, "scalectl test");
  }
  void take_temp_away() {
    session.query("REVOKE TEMP ON DATABASE " + database.name() + " FROM PUBLIC");
  }
};

TEST_F(ReadOnlyRole, WithTemp_MakesItsOwnViews) {
  pg::Session mine = reader();
  const auto views = workflow::Views::open(mine, catalog, naming, 0);
  EXPECT_TRUE(views.temporary());
  const core::Result result = workflow::ready(mine, views, {.tasks = {1, 2}});
  EXPECT_EQ(result.tables.at(1).rows.size(), 12U);
}

TEST_F(ReadOnlyRole, WithoutTemp_IsToldWhoMayInstallThem) {
  take_temp_away();
  pg::Session mine = reader();
  const core::Error error = error_of([&] { workflow::Views::open(mine, catalog, naming, 0); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_THAT(error.message(), AllOf(HasSubstr("v3 are not installed"), HasSubstr("permission")));
  EXPECT_THAT(error.hint(), HasSubstr("workflow views install"));
}

TEST_F(ReadOnlyRole, WithoutTemp_ReadsTheInstalledViewsItWasGranted) {
  install(3);
  take_temp_away();
  session.query("GRANT SELECT ON ALL TABLES IN SCHEMA public TO " + role +
                "; GRANT USAGE ON SCHEMA scalectl TO " + role +
                "; GRANT SELECT ON ALL TABLES IN SCHEMA scalectl TO " + role);
  pg::Session mine = reader();
  const auto views = workflow::Views::open(mine, catalog, naming, 0);
  EXPECT_FALSE(views.temporary());
  EXPECT_EQ(workflow::contexts(mine, views, {.tasks = {1}}).tables.at(0).rows.size(), 1U);
}

TEST_F(ReadOnlyRole, Install_IsRefusedAndChangesNothing) {
  install(2);
  const std::string before = there();
  pg::Session mine = reader();
  const core::Error error =
      error_of([&] { workflow::install_views(mine, catalog, naming, 3, false, "test", recorder); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage) << error.what();
  EXPECT_THAT(error.message(), HasSubstr("permission denied"));
  EXPECT_EQ(there(), before);
}

}  // namespace
}  // namespace scalectl
