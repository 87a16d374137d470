// The index engine on partitioned tables: partition by partition, valid as a whole, and nothing
// left behind where a build stops.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <atomic>
#include <future>

#include "index/engine.hpp"
#include "support/thrown.hpp"
#include "support/waiting.hpp"
#include "support/workflow.hpp"

namespace scalectl {
namespace {

using core::Error;
using core::ErrorKind;
using core::Verdict;
using test::column;
using test::error_of;
using test::metric;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kSteps = "tasker_workflow_step_transitions";
const std::string kLatest = "step_transitions_latest_error";

struct PartitionedIndex : test::WorkflowTest {
  index::Pack best = index::load(catalog, "workflow-best");

  PartitionedIndex() { partition(); }

  core::Result apply(const index::Pack& pack) {
    return index::apply(session, pack, naming, recorder);
  }
  std::vector<std::string> states(const index::Pack& pack) {
    return column(index::status(session, pack, naming), "state");
  }
  /// Every index of schema public with a name like `pattern`, with what is the matter with it.
  std::vector<std::string> found(const std::string& pattern) {
    return lines(
        "SELECT relname || CASE WHEN indisvalid THEN '' ELSE ' INVALID' END ||"
        "       CASE WHEN relispartition OR relkind = 'I' THEN '' ELSE ' alone' END"
        "  FROM pg_index JOIN pg_class c ON c.oid = indexrelid"
        " WHERE relnamespace = 'public'::regnamespace AND relname LIKE '" +
        pattern + "' ORDER BY 1");
  }
  std::string partitions() {
    return scalar("SELECT count(*) FROM pg_partition_tree('" + kSteps + "')");
  }
  /// A pack of one index on the steps' transitions.
  static index::Pack pack_of(const std::string& name, const std::string& columns,
                             const std::string& unique = "") {
    return index::parse(
        {.name = "one",
         .version = 1,
         .file = {.path = "one.v1.sql",
                  .text = "-- pack: one\n-- summary: For a test.\n\n-- @index " + name +
                          "\n-- why: It can be.\n-- query: SELECT 1\n\nCREATE " + unique +
                          "INDEX CONCURRENTLY " + name + " ON :\"workflow_step_transitions\" " +
                          columns + ";\n"}});
  }
};

TEST_F(PartitionedIndex, Apply_BuildsBothPacksOnEveryPartition) {
  seed({.tasks = 100});
  for (const char* name : {"workflow", "workflow-best"}) {
    const index::Pack pack = index::load(catalog, name);
    const core::Result result = apply(pack);
    EXPECT_EQ(metric(result, "created"), std::to_string(pack.indexes.size()));
    EXPECT_THAT(states(pack), Each("\"present\""));
    EXPECT_EQ(metric(apply(pack), "kept"), std::to_string(pack.indexes.size()));
  }
  EXPECT_THAT(lines("SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid"), IsEmpty());
  EXPECT_EQ(std::to_string(found(kLatest + "%").size()), partitions());
  EXPECT_THAT(found(kLatest + "%"),
              testing::IsSupersetOf({kLatest, kLatest + "_current", kLatest + "_history",
                                     kLatest + "_history_default"}));
  EXPECT_THAT(found("%alone"), IsEmpty());
  EXPECT_EQ(scalar("SELECT obj_description('" + kLatest + "'::regclass) LIKE 'scalectl pack%'"),
            "t");
  EXPECT_THAT(lines("EXPLAIN SELECT created_at FROM " + kSteps +
                    " WHERE workflow_step_id = 1 AND"
                    " to_state = 'error' ORDER BY created_at DESC LIMIT 1"),
              Contains(HasSubstr(kLatest + "_current")));
}

TEST_F(PartitionedIndex, Status_SumsUpThePartitions) {
  seed({.tasks = 100});
  apply(best);
  const core::Result result = index::status(session, best, naming);
  EXPECT_EQ(
      column(result, "size_bytes")[0],
      scalar("SELECT sum(pg_relation_size(relid)) FROM pg_partition_tree('" + kLatest + "')"));
  EXPECT_NE(column(result, "size_bytes")[0], "0");
}

TEST_F(PartitionedIndex, Plan_SaysHowItIsBuilt) {
  seed({.tasks = 20});
  const core::Result result = index::plan(session, best, naming);
  EXPECT_EQ(metric(result, "to_create"), "3");
  EXPECT_THAT(result.notes, ElementsAre(HasSubstr("on each partition")));
  apply(best);
  EXPECT_THAT(index::plan(session, best, naming).notes, IsEmpty());
}

TEST_F(PartitionedIndex, Drop_TakesAllOfIt) {
  const auto before = found("%");
  apply(best);
  EXPECT_EQ(metric(index::drop(session, best, naming, recorder), "dropped"), "3");
  EXPECT_EQ(found("%"), before);
  EXPECT_EQ(metric(index::drop(session, best, naming, recorder), "dropped"), "0");
}

TEST_F(PartitionedIndex, DropWhileSomebodyWrites_GivesUpWithHisNameAndChangesNothing) {
  apply(best);
  const auto before = found("%");
  pg::Session other = database.connect();
  {
    pg::Transaction writer = other.begin();
    writer.query("LOCK TABLE " + kSteps + " IN ROW EXCLUSIVE MODE");
    const std::string pid = writer.query("SELECT pg_backend_pid()").at(0, 0).value();
    const Error error = error_of(
        [&] { index::drop(session, best, naming, recorder, {.wait = core::Seconds(1.2)}); });
    EXPECT_EQ(error.kind(), ErrorKind::kBusy);
    EXPECT_THAT(error.message(), HasSubstr("pid " + pid + " (user lab, idle in transaction"));
  }
  EXPECT_EQ(found("%"), before);
  EXPECT_EQ(scalar("SHOW lock_timeout"), "0");
}

/// A writer that is open for longer than one try at the lock lasts.
TEST_F(PartitionedIndex, WriterWhileTheWholeIsJoinedUp_IsWaitedForAndOthersAreLetThrough) {
  std::promise<void> locked;
  std::jthread holder([&] {
    pg::Session own = database.connect();
    pg::Transaction tx = own.begin();
    tx.query("LOCK TABLE ONLY " + kSteps + " IN ROW EXCLUSIVE MODE");
    locked.set_value();
    tx.query("SELECT pg_sleep(4)");
    tx.commit();
  });
  locked.get_future().wait();
  std::atomic<bool> done = false;
  int writes = 0;
  std::string refused;
  std::jthread other([&] {
    pg::Session own = database.connect();
    try {
      while (!done) {  // one that queued behind the join for as long as the writer lasts would fail
        own.query("SET lock_timeout = '1s'; LOCK TABLE ONLY " + kSteps + " IN ROW EXCLUSIVE MODE");
        ++writes;
      }
    } catch (const Error& error) {
      refused = error.what();
    }
  });
  const core::Result result = apply(best);
  done = true;
  other.join();
  EXPECT_EQ(metric(result, "created"), "3");
  EXPECT_EQ(refused, "");
  EXPECT_GT(writes, 10);
  EXPECT_GT(result.metrics.find("waited_s")->number(), 1);
}

TEST_F(PartitionedIndex, MonthsToCome_HaveTheIndexesToo) {
  apply(best);
  session.query("SELECT tasker_make_transition_months('2020-01-01', '2020-03-31')");
  EXPECT_THAT(states(best), Each("\"present\""));
  EXPECT_EQ(scalar("SELECT count(*) FROM pg_index WHERE indrelid = '" + kSteps +
                   "_history_2020_02'::regclass"),
            "4");  // the key, the unique one, and two of the pack
  index::drop(session, best, naming, recorder);
  EXPECT_EQ(scalar("SELECT count(*) FROM pg_index WHERE indrelid = '" + kSteps +
                   "_history_2020_02'::regclass"),
            "2");
}

TEST_F(PartitionedIndex, WhatSomebodysBuildLeft_IsShownRefusedAndDropped) {
  const auto before = found("%");
  session.query("CREATE INDEX " + kLatest + "_current ON " + kSteps +
                "_current (workflow_step_id)");
  EXPECT_THAT(states(best), ElementsAre("\"invalid\"", "\"missing\"", "\"missing\""));
  const Error error = error_of([&] { apply(best); });
  EXPECT_EQ(error.kind(), ErrorKind::kFailed);
  EXPECT_THAT(error.message(), HasSubstr("is INVALID: an earlier build did not finish"));
  EXPECT_EQ(metric(index::drop(session, best, naming, recorder, {.foreign = true}), "dropped"),
            "1");
  EXPECT_EQ(found("%"), before);
  EXPECT_EQ(metric(apply(best), "created"), "3");
}

TEST_F(PartitionedIndex, WhatAKilledBuildOfOursLeft_IsUsedAndGoneOnFrom) {
  // The current rows' index is whole; that of the first month is not.
  session.query("CREATE INDEX " + kLatest + "_current ON " + kSteps +
                "_current (workflow_step_id, created_at DESC) WHERE to_state = 'error'");
  session.query("CREATE INDEX " + kLatest + "_history_default ON " + kSteps +
                "_history_default (workflow_step_id, created_at DESC) WHERE to_state = 'error'");
  for (const char* part : {"_current", "_history_default"}) {
    session.query("COMMENT ON INDEX " + kLatest + part + " IS 'scalectl pack workflow-best v1: x'");
  }
  session.query("UPDATE pg_index SET indisvalid = false WHERE indexrelid = '" + kLatest +
                "_history_default'::regclass");
  const std::string kept = scalar("SELECT '" + kLatest + "_current'::regclass::oid");
  const core::Result result = apply(best);
  EXPECT_EQ(metric(result, "repaired"), "1");
  EXPECT_EQ(metric(result, "created"), "2");
  EXPECT_EQ(scalar("SELECT '" + kLatest + "_current'::regclass::oid"), kept);
  EXPECT_THAT(states(best), Each("\"present\""));
  EXPECT_THAT(lines("SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid"), IsEmpty());
}

TEST_F(PartitionedIndex, BuildThatFailsOnOnePartition_LeavesNothingOfItself) {
  seed({.tasks = 30, .progress = seed::Progress::kFresh});
  const auto before = found("%");
  // Unique where there are none, and not in this month, whose turn comes after the current rows'.
  session.query("INSERT INTO " + kSteps +
                " (to_state, sort_key, most_recent, workflow_step_id)"
                " SELECT 'error', i, false, 1 FROM generate_series(500, 501) AS i");
  const Error error =
      error_of([&] { apply(pack_of("twice", "(to_state) WHERE NOT most_recent", "UNIQUE ")); });
  EXPECT_EQ(error.kind(), ErrorKind::kFailed);
  EXPECT_THAT(error.message(), HasSubstr("could not create unique index \"twice_history_"));
  EXPECT_THAT(error.message(), HasSubstr("partitions' indexes of it were dropped"));
  EXPECT_EQ(found("%"), before);
}

TEST_F(PartitionedIndex, FailureToJoinUp_LeavesNothingOfItself) {
  const auto before = found("%");
  // Each partition can have it; the whole cannot, as it does not name what divides it.
  const Error error = error_of([&] { apply(pack_of("once", "(metadata)", "UNIQUE ")); });
  EXPECT_THAT(error.message(), HasSubstr("partitions' indexes of it were dropped"));
  EXPECT_EQ(found("%"), before);
}

TEST_F(PartitionedIndex, StopWhileABuildWaits_LeavesNothingOfThatBuild) {
  const auto before = found("%");
  pg::Transaction reader = session.begin();
  reader.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
  reader.query("SELECT 1");  // the last phase of a build waits for such a snapshot to end
  std::stop_source source;
  pg::Session mine = database.connect(source.get_token());
  bool blocked = false;
  const std::jthread stopper = test::stop_when(database, test::kSomebodyIsBlocked, source, blocked);
  const core::Result result = index::apply(mine, best, naming, recorder);
  EXPECT_TRUE(blocked);
  EXPECT_TRUE(result.interrupted);
  EXPECT_EQ(result.verdict, Verdict::kInconclusive);
  EXPECT_THAT(result.notes, ElementsAre(HasSubstr("0 of 3 indexes done")));
  reader.commit();
  EXPECT_EQ(found("%"), before);
}

TEST_F(PartitionedIndex, NameTooLongForThePartitions_IsCutAndStaysApart) {
  const std::string first(60, 'i');
  apply(pack_of(first, "(created_at)"));
  const std::string second = std::string(59, 'i') + "j";
  apply(pack_of(second, "(updated_at)"));
  EXPECT_EQ(std::to_string(found("iiii%").size()), std::to_string(2 * std::stoi(partitions())));
  EXPECT_THAT(states(pack_of(first, "(created_at)")), ElementsAre("\"present\""));
  index::drop(session, pack_of(first, "(created_at)"), naming, recorder);
  EXPECT_EQ(std::to_string(found("iiii%").size()), partitions());
  EXPECT_THAT(states(pack_of(second, "(updated_at)")), ElementsAre("\"present\""));
}

TEST_F(PartitionedIndex, WritersDuringTheBuild_AreNotBlocked) {
  seed({.tasks = 20});
  pg::Transaction writer = session.begin();
  writer.query("UPDATE " + kSteps + " SET metadata = '{}' WHERE id = 1");
  std::jthread builder([&] {
    pg::Session own = database.connect();
    test::Recorder silent;
    index::apply(own, best, naming, silent);
  });
  pg::Session other = database.connect();
  ASSERT_TRUE(test::comes_true([&] {  // the build waits for the writer
    return test::scalar(other,
                        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX%'"
                        "  AND wait_event_type = 'Lock' AND datname = current_database()") == "1";
  }));
  other.query("SET lock_timeout = '5s'");
  EXPECT_EQ(other.query("UPDATE " + kSteps + " SET metadata = '{}' WHERE id = 2").affected(), 1);
  writer.commit();
  builder.join();
  EXPECT_THAT(states(best), Each("\"present\""));
}

}  // namespace
}  // namespace scalectl
