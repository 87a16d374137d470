#include "report/report.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "support/thrown.hpp"
#include "unit/report/samples.hpp"

namespace scalectl::report {
namespace {

using core::Result;
using core::Value;
using core::Verdict;
using test::error_of;
using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Result with(Verdict verdict) {
  Result result = samples::run();
  result.verdict = verdict;
  return result;
}

Result with_metrics(core::Object metrics) {
  Result result = samples::run();
  result.metrics = std::move(metrics);
  return result;
}

core::Table table(std::vector<core::Array> rows) {
  return {.key = "t", .title = "", .columns = {{"a", "a"}}, .rows = std::move(rows)};
}

TEST(Formats, AreThoseOfTheHelp) {
  EXPECT_THAT(formats(),
              ElementsAre("text", "json", "csv", "md", "html", "svg", "junit", "prom", "nagios",
                          "env"));
}

TEST(Render, UnknownFormat_NamesTheClosest) {
  const core::Error error = error_of([] { render("jsno", {}); });
  EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
  EXPECT_EQ(error.message(), "unknown format \"jsno\"");
  EXPECT_EQ(error.hint(), "did you mean \"json\"?");
}

TEST(RenderText, WithColor_PaintsTheVerdictAlone) {
  const std::pair<Verdict, const char*> cases[] = {
      {Verdict::kPass, ": \x1b[32mpass\x1b[0m,"},
      {Verdict::kWarn, ": \x1b[33mwarn\x1b[0m,"},
      {Verdict::kFail, ": \x1b[31mfail\x1b[0m,"},
      {Verdict::kInconclusive, ": \x1b[33minconclusive\x1b[0m,"}};
  for (const auto& [verdict, painted] : cases) {
    EXPECT_THAT(render("text", {with(verdict)}, {.color = true}), HasSubstr(painted));
    EXPECT_THAT(render("text", {with(verdict)}), Not(HasSubstr("\x1b")));
  }
}

TEST(Render, ThresholdOfAMicrosecond_HasNoExponent) {
  Result result = with(Verdict::kWarn);
  result.threshold_s = 1e-6;
  for (const char* format : {"text", "md", "html", "junit", "nagios"}) {
    EXPECT_THAT(render(format, {result}),
                AllOf(HasSubstr("threshold 0.001ms"), Not(HasSubstr("threshold 1e-06"))))
        << format;
  }
}

TEST(RenderText, Listing_IsTheTableAlone) {
  Result result{.command = "tick list"};
  result.tables = {table({{"x"}})};
  EXPECT_EQ(render("text", {result}), "a\n-\nx\n");
}

TEST(RenderText, EmptyTable_SaysSo) {
  Result result{.command = "tick list"};
  result.tables = {table({})};
  EXPECT_EQ(render("text", {result}), "a\n-\n(none)\n");
}

TEST(RenderCsv, SeveralTables_AreParted) {
  Result result{.command = "db status"};
  result.tables = {table({{1}}), table({{2}})};
  EXPECT_EQ(render("csv", {result}), "a\r\n1\r\n\r\na\r\n2\r\n");
}

TEST(RenderMarkdown, UnderscoresInsideWords_StayAndOthersAreEscaped) {
  Result result{.command = "x", .notes = {"idx_a _b_ `c` ~d~ [e](f)"}};
  EXPECT_THAT(render("md", {result}), EndsWith("- idx_a \\_b\\_ \\`c\\` \\~d\\~ \\[e](f)\n"));
}

TEST(RenderJunit, ControlCharacters_AreReplaced) {
  Result result = with(Verdict::kFail);
  result.notes = {"a\x1b[0mb"};
  EXPECT_THAT(render("junit", {result}), HasSubstr(">a\uFFFD[0mb</failure>"));
}

TEST(RenderJunit, WithoutAName_TheCaseIsCalledAfterTheCommand) {
  Result result = samples::run();
  result.name = "";
  EXPECT_THAT(render("junit", {result}), HasSubstr(" name=\"tick run\" "));
}

TEST(RenderPrometheus, SameSeriesTwice_KeepsTheLast) {
  Result second = samples::run();
  second.metrics.set("rows", 7);
  const std::string text = render("prom", {samples::run(), second});
  EXPECT_THAT(text, HasSubstr("\nscalectl_tick_run_rows{name=\"stamina\",strategy=\"set\"} 7\n"));
  EXPECT_THAT(text, Not(HasSubstr("95012")));
}

TEST(RenderPrometheus, Milliseconds_AreSeconds) {
  EXPECT_THAT(
      render("prom", {with_metrics({{"p99_ms", 1500}})}),
      HasSubstr("\nscalectl_tick_run_p99_seconds{name=\"stamina\",strategy=\"set\"} 1.5\n"));
}

TEST(NagiosCode, OfEachVerdict_IsThePlugins) {
  EXPECT_EQ(nagios_code({with(Verdict::kPass)}), 0);
  EXPECT_EQ(nagios_code({with(Verdict::kWarn)}), 1);
  EXPECT_EQ(nagios_code({with(Verdict::kFail)}), 2);
  EXPECT_EQ(nagios_code({with(Verdict::kInconclusive)}), 3);
}

TEST(NagiosCode, OfSeveral_IsTheWorst) {
  EXPECT_EQ(nagios_code({with(Verdict::kWarn), with(Verdict::kInconclusive)}), 3);
  EXPECT_EQ(nagios_code({with(Verdict::kFail), with(Verdict::kInconclusive)}), 2);
}

TEST(RenderNagios, NumbersThatAreNone_AreUnknown) {
  EXPECT_THAT(
      render("nagios",
             {with_metrics({{"a", std::nan("")}, {"b", std::numeric_limits<double>::infinity()}})}),
      EndsWith(" a=U b=U\n"));
}

TEST(RenderNagios, LabelThatNeedsQuotes_HasThemReplaced) {
  Result spaced = samples::run();
  spaced.name = "it's = x";
  spaced.metrics = {};
  EXPECT_THAT(render("nagios", {spaced, spaced}),
              EndsWith(" | it_s___x_elapsed=0.412s;5;;0 it_s___x_elapsed=0.412s;5;;0\n"));
}

TEST(RenderNagios, Milliseconds_HaveTheirUnit) {
  EXPECT_THAT(render("nagios", {with_metrics({{"p99_ms", 1.5}})}), EndsWith(" p99_ms=1.5ms\n"));
}

TEST(RenderEnvironment, OfAResultWithoutOne_IsRefused) {
  const core::Error error = error_of([] { render("env", {samples::run()}); });
  EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
  EXPECT_THAT(error.message(), StartsWith("tick run has no environment"));
}

}  // namespace
}  // namespace scalectl::report
