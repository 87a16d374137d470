// The partitioned layout of the transitions: how it is made, and that all that works on the plain
// layout works on it alike.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "core/json.hpp"
#include "support/thrown.hpp"
#include "support/workflow.hpp"
#include "workflow/archive.hpp"
#include "workflow/check.hpp"
#include "workflow/transition.hpp"
#include "workflow/views.hpp"

namespace scalectl {
namespace {

using core::Error;
using core::ErrorKind;
using test::column;
using test::digest;
using test::error_of;
using test::metric;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::chrono::sys_days kAsOf = std::chrono::year(2026) / 1 / 2;
const std::string kSteps = "tasker_workflow_step_transitions";
const std::string kTasks = "tasker_task_transitions";

struct WorkflowPartitioned : test::WorkflowTest {
  std::map<std::string, std::string> digests() {
    std::map<std::string, std::string> all;
    for (const char* table : test::kGrowingTables) {
      all[table] = digest(session, "tasker_" + std::string(table));
    }
    return all;
  }
  /// How many rows are in partition `table` of the steps' transitions.
  std::string count(const std::string& table) {
    return scalar("SELECT count(*) FROM " + kSteps + table);
  }
  /// A transition of step 1 of that day that is no longer most_recent.
  void insert_past(const std::string& day, int sort_key) {
    session.query(
        fmt::format("INSERT INTO {} (to_state, sort_key, most_recent, workflow_step_id, created_at)"
                    " VALUES ('pending', {}, false, 1, '{}')",
                    kSteps, sort_key, day));
  }
  std::string findings() {
    return metric(workflow::check(session, naming, false, recorder), "findings");
  }
  schema::Options options() { return {.family = "workflow", .version = "test"}; }
  /// The tables and functions of schema public.
  std::vector<std::string> everything() {
    return lines(
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        " ORDER BY 1");
  }
};

TEST_F(WorkflowPartitioned, OnEmptyTables_HasACurrentPartitionAndTheMonthsToCome) {
  const core::Result result = partition();
  EXPECT_EQ(metric(result, "applied"), "1");
  EXPECT_EQ(metric(result, "migrations"), "3");
  for (const std::string& table : {kTasks, kSteps}) {
    EXPECT_THAT(lines("SELECT replace(relid::text, '" + table + "', '') FROM pg_partition_tree('" +
                      table + "') WHERE isleaf ORDER BY 1"),
                ElementsAre("_current",
                            scalar("SELECT to_char(now() AT TIME ZONE 'UTC',"
                                   " '\"_history_\"YYYY_MM')"),
                            testing::_, testing::_, testing::_, "_history_default"));
  }
  EXPECT_EQ(scalar("SELECT count(DISTINCT conname) FROM pg_constraint WHERE contype = 'f' AND"
                   " confrelid = 'tasker_workflow_steps'::regclass AND conrelid::regclass::text"
                   " LIKE 'tasker\\_workflow\\_step\\_transitions%'"),
            "1");
}

TEST_F(WorkflowPartitioned, OnFilledTables_KeepsEveryRowAndTheIdentityGoesOn) {
  seed({.tasks = 400, .as_of = kAsOf});
  const auto before = digests();
  const std::string rows = count("");
  partition();
  EXPECT_EQ(digests(), before);
  EXPECT_EQ(findings(), "0");
  EXPECT_EQ(count("_current"), "2400");
  EXPECT_EQ(count("_history_default"), "0");
  EXPECT_EQ(scalar("SELECT count(*) FROM " + kSteps + "_history WHERE most_recent"), "0");
  EXPECT_NE(count("_history_2025_12"), "0");
  EXPECT_EQ(scalar("SELECT count(*) FROM " + kSteps +
                   "_history_2025_12 WHERE created_at NOT BETWEEN"
                   " '2025-12-01' AND '2025-12-31T23:59:59.999999'"),
            "0");
  EXPECT_EQ(scalar("INSERT INTO " + kSteps +
                   " (to_state, sort_key, most_recent, workflow_step_id)"
                   " VALUES ('pending', 990, false, 1) RETURNING id"),
            std::to_string(std::stoll(rows) + 1));
  EXPECT_THAT(error_of([&] {
                session.query("INSERT INTO " + kSteps +
                              " (to_state, sort_key, workflow_step_id) VALUES ('error', 1, 99999)");
              }).message(),
              HasSubstr("violates foreign key constraint"));
}

TEST_F(WorkflowPartitioned, IdsBeyondTheIdentity_AreNotGivenAgain) {
  seed({.tasks = 2, .steps = 1, .progress = seed::Progress::kFresh});
  session.query("INSERT INTO " + kTasks +
                " (id, to_state, sort_key, most_recent, task_id)"
                " VALUES (700, 'pending', 1, false, 1)");
  partition();
  EXPECT_EQ(scalar("INSERT INTO " + kTasks +
                   " (to_state, sort_key, most_recent, task_id)"
                   " VALUES ('pending', 2, false, 1) RETURNING id"),
            "701");
}

// As in a database that Rails made: ids are bigserial, and the tables are not ours.
TEST_F(WorkflowPartitioned, OnTablesOfRails_GoesOnWithTheirSequences) {
  session.query("DROP SCHEMA scalectl CASCADE");
  for (const std::string& table : {kTasks, kSteps}) {
    session.query(
        fmt::format("ALTER TABLE {0} ALTER id DROP IDENTITY; CREATE SEQUENCE {0}_own"
                    " OWNED BY {0}.id; ALTER TABLE {0} ALTER id SET DEFAULT"
                    " nextval('{0}_own')",
                    table));
  }
  session.query("CREATE UNIQUE INDEX theirs ON " + kSteps +
                " (workflow_step_id, most_recent) WHERE most_recent = true");
  seed({.tasks = 20});
  const std::string rows = count("");
  partition();
  EXPECT_THAT(recorder.lines, Each(Not(HasSubstr("is gone"))));  // ours is the same as theirs
  EXPECT_EQ(count(""), rows);
  session.query("INSERT INTO " + kTasks +
                " (task_id, to_state, sort_key, most_recent)"
                " VALUES (1, 'pending', 1000, false)");
  EXPECT_EQ(scalar("SELECT count(*) - count(DISTINCT id) FROM " + kTasks), "0");
  EXPECT_EQ(scalar("SELECT pg_get_serial_sequence('" + kTasks + "', 'id')"),
            "public." + kTasks + "_own");
  EXPECT_THAT(error_of([&] {
                schema::drop(session, catalog, {.family = "workflow"}, true, recorder);
              }).message(),
              HasSubstr("scalectl did not make them"));
}

TEST_F(WorkflowPartitioned, UnderAPrefixThatNeedsQuotes_ConvertsThoseTablesAlone) {
  const std::string prefix = "My \"Flow\"; -- ";
  init("workflow", prefix);
  const pg::Naming names{std::nullopt, {}, prefix};
  seed({.tasks = 50, .as_of = kAsOf, .naming = names});
  const std::string before = digest(session, names.table("workflow_step_transitions"));
  partition(prefix);
  EXPECT_EQ(digest(session, names.table("workflow_step_transitions")), before);
  EXPECT_EQ(scalar("SELECT count(*) FROM " + names.table("workflow_step_transitions_current")),
            "300");
  EXPECT_EQ(scalar("SELECT relkind FROM pg_class WHERE oid = '" + kSteps + "'::regclass"), "r");
  EXPECT_EQ(metric(partition(prefix), "made"), "0");
  seed({.tasks = 20, .existing = seed::Existing::kReplace, .as_of = kAsOf, .naming = names});
  EXPECT_EQ(
      scalar("SELECT count(*) FROM " + names.table("workflow_step_transitions_history_default")),
      "0");
  schema::Options gone = options();
  gone.prefix = prefix;
  schema::drop(session, catalog, gone, true, recorder);
  EXPECT_THAT(everything(), Not(Contains(HasSubstr("Flow"))));
}

TEST_F(WorkflowPartitioned, PrefixTooLongForThePartitions_IsRefusedAndChangesNothing) {
  const std::string longest(22, 'x');
  init("workflow", longest);
  EXPECT_EQ(metric(partition(longest), "applied"), "1");
  const std::string prefix(23, 'x');
  init("workflow", prefix);
  const auto before = everything();
  const Error error = error_of([&] { partition(prefix); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_EQ(error.message(), "prefix \"" + prefix + "\" makes the name \"" + prefix +
                                 "workflow_step_transitions_history_default\" of 64 bytes");
  EXPECT_THAT(error.hint(), HasSubstr("--prefix of at most 22"));
  EXPECT_EQ(everything(), before);
}

TEST_F(WorkflowPartitioned, InitWithoutTheWord_KeepsIt) {
  partition();
  const auto before = everything();
  const core::Result again = init("workflow");
  EXPECT_EQ(metric(again, "applied"), "0");
  EXPECT_EQ(metric(again, "migrations"), "3");
  EXPECT_EQ(everything(), before);
}

TEST_F(WorkflowPartitioned, InitAgain_MakesMissingMonthsAndMovesTheirRows) {
  partition();
  seed({.tasks = 2, .steps = 1, .progress = seed::Progress::kFresh});
  insert_past("2020-05-31 23:59:59.999999", 500);
  insert_past("2020-05-01", 510);
  insert_past("2020-06-01", 520);
  insert_past("infinity", 530);
  EXPECT_EQ(count("_history_default"), "4");
  const std::string rows = digest(session, kSteps);
  for (const std::string& table : {kTasks, kSteps}) {
    session.query(
        scalar("SELECT to_char(now() AT TIME ZONE 'UTC' + interval '2 months',"
               " '\"DROP TABLE " +
               table + "_history_\"YYYY_MM')"));
  }
  recorder.lines.clear();
  const core::Result again = partition();
  EXPECT_EQ(metric(again, "made"), "4");
  EXPECT_THAT(again.notes, IsEmpty());
  EXPECT_THAT(recorder.lines, Contains("INFO - Made partition public." + kSteps +
                                       "_history_2020_05, and moved 2 rows into it"));
  EXPECT_EQ(count("_history_2020_05"), "2");
  EXPECT_EQ(count("_history_2020_06"), "1");
  EXPECT_EQ(count("_history_default"), "1");
  EXPECT_EQ(digest(session, kSteps), rows);
  const core::Result third = partition();
  EXPECT_EQ(metric(third, "made"), "0");
  EXPECT_THAT(third.notes, ElementsAre("nothing to do: every migration is applied"));
}

TEST_F(WorkflowPartitioned, Views_AreCarriedOverWithTheirGrants) {
  const std::string role = "reader_" + database.name();
  session.query("CREATE ROLE " + role);
  install(3);
  session.query("GRANT SELECT ON tasker_step_readiness_statuses, " + kSteps + " TO " + role);
  session.query("GRANT UPDATE (metadata) ON " + kSteps + " TO " + role + " WITH GRANT OPTION");
  session.query("CREATE VIEW theirs AS SELECT count(*) AS n FROM tasker_step_readiness_statuses");
  session.query("REVOKE ALL ON FUNCTION tasker_step_readiness_for_task FROM PUBLIC");
  session.query("CREATE INDEX of_metadata ON " + kSteps + " USING gin (metadata)");
  session.query("COMMENT ON INDEX of_metadata IS 'it''s theirs'");
  const std::string state = "SELECT concat_ws(' ', has_table_privilege('" + role +
                            "', 'tasker_step_readiness_statuses',"
                            " 'SELECT'), has_table_privilege('" +
                            role + "', '" + kSteps +
                            "', 'SELECT'),"
                            " has_table_privilege('" +
                            role + "', '" + kSteps +
                            "', 'INSERT'),"
                            " has_column_privilege('" +
                            role + "', '" + kSteps +
                            "', 'metadata', 'UPDATE WITH GRANT OPTION'),"
                            " has_function_privilege('" +
                            role +
                            "', 'tasker_step_readiness_for_task(bigint)', 'EXECUTE'),"
                            " has_function_privilege('" +
                            role +
                            "', 'tasker_step_readiness_for_tasks(bigint[])', 'EXECUTE'),"
                            " obj_description('of_metadata'::regclass))";
  const std::string definitions =
      "SELECT string_agg(format('%s %s %s', attrelid::regclass, attname, atttypid::regtype), ', '"
      "  ORDER BY relname, attnum) FROM pg_attribute JOIN pg_class c ON c.oid = attrelid"
      " WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace";
  const std::string before = scalar(state);
  ASSERT_EQ(before, "t t f t f t it's theirs");
  const std::string views = scalar(definitions);
  seed({.tasks = 30, .as_of = kAsOf});
  const std::string rows = digest(session, "tasker_task_execution_contexts");
  partition();
  EXPECT_EQ(scalar(state), before);
  EXPECT_EQ(scalar(definitions), views);
  EXPECT_EQ(digest(session, "tasker_task_execution_contexts"), rows);
  EXPECT_EQ(scalar("SELECT n FROM theirs"), "180");
  EXPECT_EQ(scalar("SELECT count(*) FROM tasker_step_readiness_for_task(1)"), "6");
  EXPECT_EQ(workflow::views_status(session, catalog, naming).verdict, core::Verdict::kPass);
  session.query("DROP VIEW theirs");
  EXPECT_EQ(metric(workflow::roll_back_views(session, catalog, naming, recorder), "version"),
            "null");
  session.query("DROP OWNED BY " + role + "; DROP ROLE " + role);
}

TEST_F(WorkflowPartitioned, WhatItCannotCarryOver_IsRefusedAndNothingIsChanged) {
  seed({.tasks = 10});
  session.query(
      "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;"
      "CREATE TRIGGER \"My trigger\" BEFORE INSERT ON " +
      kSteps +
      " FOR EACH ROW EXECUTE FUNCTION f();"
      "CREATE POLICY p ON " +
      kTasks + "; CREATE MATERIALIZED VIEW m AS SELECT id FROM " + kTasks);
  const auto before = everything();
  const auto rows = digests();
  const Error error = error_of([&] { partition(); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_EQ(error.message(),
            "the tables are made anew, which would lose: materialized view m, policy p of " +
                kTasks + ", trigger \"My trigger\" of " + kSteps);
  EXPECT_EQ(everything(), before);
  EXPECT_EQ(digests(), rows);
}

TEST_F(WorkflowPartitioned, UniqueIndexOfTheirs_IsNamedInAWarning) {
  session.query("CREATE UNIQUE INDEX theirs ON " + kSteps + " (created_at, id)");
  recorder.lines.clear();
  partition();
  EXPECT_THAT(recorder.lines,
              ElementsAre("WARNING - Unique index theirs of " + kSteps +
                              " is gone: it was btree (created_at, id)",
                          "INFO - Applied workflow 003 partitioned in schema public"));
}

TEST_F(WorkflowPartitioned, SecondMostRecentRow_IsStillRefused) {
  seed({.tasks = 3, .progress = seed::Progress::kFresh});
  partition();
  for (const auto& [table, key] : {std::pair{kSteps, "workflow_step_id"}, {kTasks, "task_id"}}) {
    const Error error = error_of([&] {
      session.query(fmt::format("INSERT INTO {} (to_state, sort_key, {}) VALUES ('error', 500, 1)",
                                table, key));
    });
    EXPECT_THAT(error.message(), HasSubstr("duplicate key value violates unique constraint"));
    EXPECT_THAT(error_of([&] {
                  session.query(fmt::format("UPDATE {0} SET {1} = 2 WHERE {1} = 1", table, key));
                }).message(),
                HasSubstr("duplicate key value"));
  }
}

TEST_F(WorkflowPartitioned, Transition_MovesTheOldRowToItsMonth) {
  seed({.tasks = 2, .steps = 1, .progress = seed::Progress::kFresh});
  partition();
  workflow::transition(session, naming, {.id = 1, .to_state = "in_progress"});
  workflow::transition(session, naming, {.id = 1, .to_state = "complete"});
  workflow::transition(session, naming,
                       {.kind = workflow::Kind::kTask, .id = 2, .to_state = "in_progress"});
  EXPECT_EQ(scalar("SELECT string_agg(concat_ws(' ', sort_key, from_state, to_state, most_recent,"
                   "  tableoid::regclass::text LIKE '%\\_current'), ', ' ORDER BY sort_key) FROM " +
                   kSteps + " WHERE workflow_step_id = 1"),
            "10 pending f f, 20 pending in_progress f f, 30 in_progress complete t t");
  EXPECT_EQ(count("_history_default"), "0");
  EXPECT_EQ(scalar("SELECT count(*) FROM " + kTasks + "_history"), "1");
  EXPECT_EQ(findings(), "0");
}

TEST_F(WorkflowPartitioned, CheckRepair_MarksTheNewestOnThePartitionedLayoutToo) {
  seed({.tasks = 5, .progress = seed::Progress::kRunning, .as_of = kAsOf});
  partition();
  session.query("UPDATE " + kSteps + " SET most_recent = false WHERE workflow_step_id IN (1, 2)");
  session.query("UPDATE " + kTasks + " SET most_recent = false WHERE task_id = 1");
  EXPECT_EQ(findings(), "3");
  workflow::check(session, naming, true, recorder);
  EXPECT_EQ(findings(), "0");
  EXPECT_EQ(count("_current"), "30");
}

TEST_F(WorkflowPartitioned, EveryViewVersion_GivesTheSameRowsOnBothLayouts) {
  init("workflow", "flat_");
  partition();
  const pg::Naming flat{std::nullopt, {}, "flat_"};
  seed::WorkflowOptions same{.tasks = 600};
  same.as_of =
      std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  seed(same);
  same.naming = flat;
  seed(same);
  ASSERT_NE(count("_current"), count(""));
  for (const char* table : {"tasker_task_transitions", "flat_task_transitions"}) {
    // v1 takes the latest by time, and anyone of those of the same time.
    session.query(
        fmt::format("UPDATE {} SET created_at = created_at + sort_key * interval '1 us'", table));
  }
  for (const int version : {1, 2, 3}) {
    const auto here = workflow::Views::open(session, catalog, naming, version);
    const auto there = workflow::Views::open(session, catalog, flat, version);
    for (const auto& [view, rows] :
         {std::pair{"step_readiness_statuses", "3600"}, {"task_execution_contexts", "600"}}) {
      // One statement sees one now(), by which backoffs end.
      EXPECT_EQ(scalar(fmt::format(
                    "SELECT concat_ws(' ', (SELECT count(*) FROM {0}),"
                    " (SELECT count(*) FROM (SELECT * FROM {0} EXCEPT ALL SELECT * FROM {1}) a),"
                    " (SELECT count(*) FROM (SELECT * FROM {1} EXCEPT ALL SELECT * FROM {0}) b))",
                    here.object(view), there.object(view))),
                std::string(rows) + " 0 0")
          << view << " v" << version;
    }
  }
  const auto here = workflow::Views::open(session, catalog, naming, 3);
  EXPECT_EQ(scalar(fmt::format("SELECT count(*) FROM (SELECT r.* FROM tasker_tasks t,"
                               " {0}(t.task_id) r EXCEPT ALL SELECT * FROM {1}) d",
                               here.object("step_readiness_for_task"),
                               here.object("step_readiness_statuses"))),
            "0");
}

TEST_F(WorkflowPartitioned, Archive_TakesTasksOutOfEveryPartition) {
  seed({.tasks = 200});
  partition();
  const std::string all = count("");
  const core::Result result = workflow::archive(
      session, naming, {.older_than = core::Seconds(30 * 86'400), .batch = 20}, recorder);
  EXPECT_NE(metric(result, "tasks"), "0");
  EXPECT_EQ(metric(result, "tasks"), metric(result, "due"));
  EXPECT_EQ(scalar("SELECT (SELECT count(*) FROM " + kSteps +
                   ") + (SELECT count(*) FROM tasker_archived_workflow_step_transitions)"),
            all);
  EXPECT_EQ(scalar("SELECT count(*) FROM " + kTasks +
                   " WHERE most_recent AND to_state = 'complete' AND"
                   " created_at < now() AT TIME ZONE 'UTC' - interval '30 days'"),
            "0");
  EXPECT_EQ(findings(), "0");
}

/// The tables that a plan reads, as far as it says; those pruned at the start are not in it.
void collect_relations(const core::Value& node, std::vector<std::string>& names) {
  const core::Object& plan = *node.if_object();
  if (const core::Value* name = plan.find("Relation Name")) names.push_back(*name->if_text());
  if (const core::Value* below = plan.find("Plans")) {
    for (const core::Value& child : *below->if_array()) collect_relations(child, names);
  }
}

TEST_F(WorkflowPartitioned, Explain_ShowsThatPartitionsAreLeftOut) {
  seed({.tasks = 300});
  partition();
  const auto read = [&](const std::string& sql) {
    const core::Value plan =
        core::parse_json(scalar("EXPLAIN (ANALYZE, FORMAT JSON) " + sql), "EXPLAIN");
    std::vector<std::string> names;
    collect_relations(*plan.if_array()->front().if_object()->find("Plan"), names);
    return names;
  };
  EXPECT_THAT(
      read("SELECT to_state FROM " + kSteps + " WHERE workflow_step_id = 7 AND most_recent"),
      ElementsAre(kSteps + "_current"));
  const auto recent = read("SELECT count(*) FROM " + kSteps +
                           " WHERE to_state = 'error' AND NOT most_recent AND created_at >="
                           " date_trunc('month', now() AT TIME ZONE 'UTC')");
  EXPECT_THAT(recent, Contains(kSteps + scalar("SELECT to_char(now() AT TIME ZONE 'UTC',"
                                               " '\"_history_\"YYYY_MM')")));
  EXPECT_THAT(recent, Not(Contains(kSteps + "_current")));
  EXPECT_THAT(recent,
              Not(Contains(kSteps + scalar("SELECT to_char(now() AT TIME ZONE 'UTC' -"
                                           " interval '1 month', '\"_history_\"YYYY_MM')"))));
}

TEST_F(WorkflowPartitioned, Seed_StoresTheSameRowsInTheirMonths) {
  const auto stored = [&] {
    return scalar(
        "SELECT md5(string_agg((to_jsonb(t) - 'id')::text, ',' ORDER BY workflow_step_id,"
        " sort_key)) FROM " +
        kSteps + " t");
  };
  seed({.tasks = 300, .as_of = kAsOf});
  const std::string plain = stored();
  partition();
  seed({.tasks = 300, .workers = 4, .existing = seed::Existing::kReplace, .as_of = kAsOf});
  EXPECT_EQ(stored(), plain);
  EXPECT_EQ(count("_history_default"), "0");
  seed({.tasks = 10,
        .existing = seed::Existing::kAppend,
        .as_of = std::chrono::sys_days(std::chrono::year(2020) / 3 / 1)});
  EXPECT_EQ(count("_history_default"), "0");
  EXPECT_NE(scalar("SELECT count(*) FROM " + kSteps + "_history_2020_02"), "0");
  EXPECT_THAT(error_of([&] { seed({.tasks = 5}); }).message(), HasSubstr("is not empty"));
  EXPECT_EQ(findings(), "0");
}

TEST_F(WorkflowPartitioned, Status_TellsOptionalFromApplied) {
  const core::Result before = schema::status(session, catalog, options());
  EXPECT_EQ(before.verdict, core::Verdict::kPass);
  EXPECT_THAT(column(before, "state"), ElementsAre("\"applied\"", "\"applied\"", "\"optional\""));
  partition();
  const core::Result after = schema::status(session, catalog, options());
  EXPECT_THAT(column(after, "state"), ElementsAre("\"applied\"", "\"applied\"", "\"applied\""));
}

TEST_F(WorkflowPartitioned, Drop_TakesPartitionsAndFunctions) {
  partition();
  seed({.tasks = 20});
  schema::drop(session, catalog, options(), true, recorder);
  EXPECT_THAT(everything(), IsEmpty());
  EXPECT_EQ(metric(init("workflow"), "applied"), "2");
}

TEST_F(WorkflowPartitioned, OfTheGame_IsRefused) {
  const Error error = error_of([&] {
    schema::init(session, catalog,
                 {.family = "game", .version = "test", .optional = {"partitioned"}}, recorder);
  });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_EQ(error.message(), "reference schema game cannot be partitioned");
}

}  // namespace
}  // namespace scalectl
