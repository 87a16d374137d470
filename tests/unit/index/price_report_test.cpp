// What a study of a pack's price says of time, WAL and too little data.
#include <gmock/gmock.h>

#include "catalog/sql_text.hpp"
#include "index/price_study.hpp"

namespace scalectl::index {
namespace {

using core::Verdict;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

struct PriceReport : testing::Test {
  const Write write{
      .name = "tick",
      .sql = catalog::split_statements({.path = "w.sql", .text = ""}, "SELECT 1;", 1).front()};
  Study study;

  PriceReport() {
    study.writes = {&write};
    study.designs = {{.name = "without it", .indexes = {}, .fillfactors = {}},
                     {.name = "pack", .indexes = {}, .fillfactors = {}}};
    study.culprits["tick"] = {{.index = "idx", .columns = {"stamina"}}};
  }
  void costs(const std::string& design, const std::vector<double>& times_s, double wal_bytes,
             double rows = 10) {
    for (const double time_s : times_s) {
      Cost cost{.time_s = time_s, .rows = rows, .wal_bytes = wal_bytes, .plan = ""};
      study.costs["tick"][design].push_back(cost);
    }
  }
  core::Result told() const {
    core::Result result;
    report(study, result);
    return result;
  }
};

TEST_F(PriceReport, RepeatsThatOverlap_AreNoDifferenceInTime) {
  costs("without it", {0.10, 0.11, 0.13}, 100);
  costs("pack", {0.12, 0.14, 0.15}, 150);
  const core::Result result = told();
  EXPECT_THAT(result.notes,
              Contains("tick: 1.27 times the time, which its rounds cannot tell from noise, and "
                       "1.50 times the WAL with pack."));
  EXPECT_TRUE(result.metrics.find("slowest_time_ratio")->is_null());
}

TEST_F(PriceReport, RepeatsThatLieApart_AreToldByTheirMedians) {
  costs("without it", {0.10, 0.11, 0.13}, 100);
  costs("pack", {0.20, 0.22, 0.29}, 150);
  const core::Result result = told();
  EXPECT_THAT(result.notes,
              Contains("tick: 2.00 times the time and 1.50 times the WAL with pack."));
  EXPECT_DOUBLE_EQ(result.metrics.find("slowest_time_ratio")->number(), 2);
}

TEST_F(PriceReport, OneRoundThatWasDisturbed_DoesNotHideTheDifference) {
  costs("without it", {0.10, 0.11, 0.13, 0.12, 0.25}, 100);
  costs("pack", {0.20, 0.22, 0.29, 0.30, 0.31}, 150);
  EXPECT_DOUBLE_EQ(study.time_ratio("tick", "without it", "pack").value(), 0.29 / 0.12);
}

TEST_F(PriceReport, TimesTooShortOrNotRepeated_AreNoDifferenceInTime) {
  costs("without it", {0.001, 0.001}, 100);
  costs("pack", {0.005, 0.005}, 150);
  EXPECT_FALSE(study.time_ratio("tick", "without it", "pack"));
  study.costs.clear();
  costs("without it", {0.1}, 100);
  costs("pack", {0.5}, 150);
  EXPECT_FALSE(study.time_ratio("tick", "without it", "pack"));
}

TEST_F(PriceReport, WriteWithoutRowsOrWal_IsInconclusiveAndHasNoRatio) {
  costs("without it", {0.1, 0.1}, 0, 0);
  costs("pack", {0.2, 0.2}, 0, 0);
  const core::Result result = told();
  EXPECT_EQ(result.verdict, Verdict::kInconclusive);
  EXPECT_THAT(result.notes, Contains(HasSubstr("tick changed no rows")));
  EXPECT_THAT(result.notes, Not(Contains(HasSubstr("times the"))));
}

}  // namespace
}  // namespace scalectl::index
