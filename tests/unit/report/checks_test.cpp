// What results of load have beside the others: checks, tables that show the metrics, bars, data.
#include <gmock/gmock.h>

#include "core/json.hpp"
#include "report/report.hpp"
#include "report/show.hpp"
#include "support/json.hpp"
#include "unit/report/samples.hpp"

namespace scalectl::report {
namespace {

using core::Unit;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

core::Result checked() {
  core::Result result = samples::run();
  result.verdict = core::Verdict::kFail;
  result.checks = {{.name = "response.p99<50ms", .observed = "3.2ms", .passed = true},
                   {.name = "tls.p99<1s", .observed = "no data", .passed = false}};
  return result;
}

/// A result whose table shows its metrics, with one more table.
core::Result with_tables() {
  core::Result result = samples::run();
  result.tables = {{.key = "rates",
                    .columns = {{"rows", "how many", Unit::kCount}, {"bar", "", Unit::kBar}},
                    .rows = {{95'012, 0.5}},
                    .shows_metrics = true},
                   {.key = "failures", .columns = {{"class", "failure"}}, .rows = {{"reset"}}}};
  result.data = {{"model", "open"}};
  return result;
}

TEST(Checks, InText_AreOneLineEach) {
  EXPECT_THAT(render("text", {checked()}), HasSubstr("\npass  response.p99<50ms  3.2ms\n"
                                                     "FAIL  tls.p99<1s         no data\n"));
}

TEST(Checks, InColor_ArePainted) {
  EXPECT_THAT(
      render("text", {checked()}, {.color = true}),
      AllOf(HasSubstr("\x1b[32mpass\x1b[0m  response"), HasSubstr("\x1b[31mFAIL\x1b[0m  tls")));
}

TEST(Checks, InJson_AreAList) {
  const core::Value value = test::json(render("json", {checked()}));
  EXPECT_EQ(test::text_at(value, "checks.1.name"), "tls.p99<1s");
  EXPECT_EQ(test::text_at(value, "checks.1.observed"), "no data");
  EXPECT_FALSE(*test::at(value, "checks.1.passed").if_bool());
  EXPECT_THAT(render("json", {samples::run()}), Not(HasSubstr("checks")));
}

TEST(Checks, InMarkdown_AreATable) {
  EXPECT_THAT(render("md", {checked()}), AllOf(HasSubstr("| response.p99\\<50ms | 3.2ms | pass |"),
                                               HasSubstr("| no data | FAIL |")));
}

TEST(Checks, InJUnit_AreCasesOfTheirOwn) {
  const std::string xml = render("junit", {checked()});
  EXPECT_THAT(xml, HasSubstr("tests=\"3\" failures=\"2\" errors=\"0\""));
  EXPECT_THAT(xml, HasSubstr("name=\"response.p99&lt;50ms\" time=\"0\"/>"));
  EXPECT_THAT(
      xml,
      HasSubstr("name=\"tls.p99&lt;1s\" time=\"0\">\n    <failure message=\"observed: no data\">"));
}

TEST(TablesOfMetrics, InText_StandInPlaceOfTheMetrics) {
  const std::string text = render("text", {with_tables()});
  EXPECT_THAT(text, AllOf(HasSubstr("how many"), HasSubstr("95,012"), HasSubstr("reset"),
                          Not(HasSubstr("hot_ratio")), Not(HasSubstr("hot ratio"))));
}

TEST(TablesOfMetrics, InJson_AreLeftOut) {
  const core::Value value = test::json(render("json", {with_tables()}));
  EXPECT_EQ(test::at(value, "tables").if_object()->find("rates"), nullptr);
  EXPECT_EQ(test::text_at(value, "tables.failures.0.class"), "reset");
  EXPECT_EQ(test::integer_at(value, "metrics.rows"), 95'012);
  EXPECT_EQ(test::text_at(value, "data.model"), "open");
}

TEST(TablesOfMetrics, InCsv_TheMetricsStand) {
  const std::string csv = render("csv", {with_tables()});
  EXPECT_THAT(csv, AllOf(HasSubstr("hot_ratio"), HasSubstr("95012"), Not(HasSubstr("reset"))));
}

TEST(Data, IsForProgramsAlone) {
  for (const char* format : {"text", "csv", "md", "junit", "prom", "nagios"}) {
    EXPECT_THAT(render(format, {with_tables()}), Not(HasSubstr("model"))) << format;
  }
}

TEST(Bar, IsAsLongAsItsShare) {
  const auto length = [](double share) {
    return show(share, Unit::kBar).size() / std::string("▇").size();
  };
  EXPECT_EQ(length(0), 0);
  EXPECT_EQ(length(0.5), 15);
  EXPECT_EQ(length(1), 30);
  EXPECT_EQ(length(1.5), 30);
  EXPECT_EQ(length(-1), 0);
  EXPECT_EQ(length(0.01), 0) << "less than half of a column";
  EXPECT_EQ(length(0.02), 1);
}

}  // namespace
}  // namespace scalectl::report
