// Figures in every format that shows them.
#include <gmock/gmock.h>

#include <regex>

#include "core/json.hpp"
#include "report/axis.hpp"
#include "report/chart.hpp"
#include "report/plot.hpp"
#include "report/report.hpp"
#include "support/thrown.hpp"
#include "unit/report/samples.hpp"

namespace scalectl::report {
namespace {

using core::Axis;
using core::Figure;
using core::Scale;
using core::Unit;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Figure figure() {
  Figure figure{.key = "scaling",
                .title = "Time <of> a \"tick\" & more",
                .x = {.title = "players", .unit = Unit::kCount, .scale = Scale::kLog},
                .y = {.title = "time", .unit = Unit::kSeconds, .scale = Scale::kLog}};
  core::Series set{.key = "set", .name = "set <seed>: n^1.00", .family = 1};
  for (const double n : {1e3, 1e4, 1e5}) {
    set.points.push_back({.x = n, .y = n * 1e-5, .low = n * 0.8e-5, .high = n * 1.5e-5});
    set.curve.emplace_back(n, n * 1e-5);
  }
  set.forecast = {{1e5, 1}, {1e6, 10}};
  core::Series other = set;
  other.name = "set, hot";
  other.points.resize(1);
  other.curve.clear();
  other.forecast.clear();
  core::Series claim{.key = "claim", .name = "claim", .reference = true};
  claim.points = {{.x = 1e3, .y = 5}, {.x = 1e4, .y = 50}};
  figure.series = {set, other, claim};
  return figure;
}

core::Result with_figure() {
  core::Result result = samples::run();
  result.command = "tick sweep";
  result.figures = {figure()};
  return result;
}

/// The names of the elements that are open at the end; nothing where one is closed that is not the
/// innermost. Enough of XML for what is written here.
std::vector<std::string> left_open(const std::string& xml) {
  static const std::regex kTag("<(/?)([a-zA-Z0-9]+)((?:\\s+[a-zA-Z0-9:-]+=\"[^\"<]*\")*)\\s*(/?)>");
  std::vector<std::string> open;
  std::string text;
  auto from = xml.cbegin();
  for (std::sregex_iterator tag(xml.begin(), xml.end(), kTag), end; tag != end; ++tag) {
    text.append(from, (*tag)[0].first);
    from = (*tag)[0].second;
    if ((*tag)[4].length() > 0) continue;
    if ((*tag)[1].length() == 0) {
      open.push_back((*tag)[2]);
    } else if (!open.empty() && open.back() == (*tag)[2]) {
      open.pop_back();
    } else {
      return {"closed without being open: " + (*tag)[2].str()};
    }
  }
  text.append(from, xml.cend());
  if (text.find('<') != std::string::npos) open.push_back("text with a <");
  return open;
}

std::size_t count(const std::string& text, const std::string& word) {
  std::size_t found = 0;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++found;
  return found;
}

TEST(RenderSvg, IsOneWellFormedDocumentOfItsOwn) {
  const std::string svg = render("svg", {with_figure()});
  const std::string declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  ASSERT_THAT(svg, StartsWith(declaration + "<svg xmlns=\"http://www.w3.org/2000/svg\" "));
  EXPECT_THAT(left_open(svg.substr(declaration.size())), ElementsAre());
  EXPECT_THAT(svg, HasSubstr("Time &lt;of&gt; a &quot;tick&quot; &amp; more"));
  EXPECT_THAT(svg, Not(HasSubstr("<script")));
  EXPECT_THAT(svg, Not(HasSubstr("href")));
  EXPECT_THAT(svg, Not(HasSubstr("style=")));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
}

TEST(RenderSvg, HasDecadesPointsSpreadCurvesAndLegend) {
  const std::string elements = chart(figure()).elements;
  for (const char* label : {">1k<", ">10k<", ">100k<", ">1M<", ">1 ms<", ">100 ms<", ">10 s<"}) {
    EXPECT_THAT(elements, HasSubstr(label));
  }
  // Three points and the legend's; the second of the family is a hollow square.
  EXPECT_EQ(count(elements, "<circle "), 4U);
  EXPECT_EQ(count(elements, "<rect "), 2U);
  EXPECT_EQ(count(elements, "<polyline class=\"curve\""), 1U);
  EXPECT_EQ(count(elements, "<polyline class=\"curve forecast\""), 1U);
  EXPECT_EQ(count(elements, "<line class=\"stroke\""), 4U * 3);
  EXPECT_THAT(elements, HasSubstr(">set &lt;seed&gt;: n^1.00</text>"));
  EXPECT_EQ(count(elements, "<g class=\"family1\">"), 4U);
  EXPECT_EQ(count(elements, "<g class=\"reference\">"), 2U);
}

TEST(RenderSvg, LongNames_WidenTheDrawing) {
  Figure longer = figure();
  longer.series[0].name = std::string(80, 'x');
  EXPECT_GT(chart(longer).width, chart(figure()).width + 400);
}

TEST(RenderSvg, SeveralResults_StandBelowEachOther) {
  const std::string svg = render("svg", {with_figure(), with_figure()});
  EXPECT_THAT(svg, AllOf(HasSubstr("translate(0 0)"), HasSubstr("translate(0 556)"),
                         HasSubstr("height=\"1112\"")));
}

TEST(RenderSvg, WithoutAFigure_IsRefused) {
  const core::Error error = test::error_of([] { render("svg", {samples::run()}); });
  EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
  EXPECT_EQ(error.message(), "tick run has no figure to draw");
}

TEST(RenderHtml, IsOnePageThatLoadsAndRunsNothing) {
  core::Result result = samples::awkward();
  result.figures = {figure()};
  result.checks = {{.name = "p99<50ms", .observed = "3 <ms>", .passed = false}};
  const std::string html = render("html", {result, samples::run()});
  EXPECT_THAT(html, StartsWith("<!DOCTYPE html>\n<html lang=\"en\">"));
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
  for (const char* never :
       {"<script", "src=", "href=", "url(", "@import", "style=", "<b>", "<c>"}) {
    EXPECT_THAT(html, Not(HasSubstr(never)));
  }
  EXPECT_EQ(count(html, "http"), 2U);  // the CSP's http-equiv, and the name of SVG's elements
  const auto body = html.substr(html.find("<body>"));
  EXPECT_THAT(left_open(body.substr(0, body.find("</html>"))), ElementsAre());
  EXPECT_THAT(body,
              HasSubstr("<h1>index status a,&quot;b&quot; &lt;c&gt; &amp; d|e\\f é&apos;g</h1>"));
  EXPECT_THAT(body, HasSubstr("first &lt;idx&gt; &amp; *all*"));
  EXPECT_THAT(body, HasSubstr("<td class=\"number\">8.0 KiB</td>"));
  EXPECT_THAT(body, HasSubstr("p99&lt;50ms"));
  EXPECT_THAT(body, HasSubstr("<polyline "));
  EXPECT_THAT(html, AllOf(HasSubstr("prefers-color-scheme: dark"), HasSubstr("@media print")));
}

TEST(RenderText, Figure_IsPlottedWithItsLegend) {
  const std::string text = render("text", {with_figure()});
  EXPECT_THAT(text, HasSubstr("Time <of> a \"tick\" & more\n\ntime, over players\n"));
  EXPECT_THAT(text, HasSubstr("\n  A  set <seed>: n^1.00\n  B  set, hot\n  a  claim\n"));
  // Both series have their first point at the same place.
  const std::string drawn = plot(figure());
  EXPECT_EQ(count(drawn.substr(0, drawn.find("\n\n  A  ")), "*"), 1U);
  for (const char* label : {"10 ms ┤", "  1 s ┤", "1k ", "1M"})
    EXPECT_THAT(drawn, HasSubstr(label));
}

TEST(RenderJson, Figure_StandsUnderItsKey) {
  const core::Value result = core::parse_json(render("json", {with_figure()}), "json");
  const core::Value* figures = result.if_object()->find("figures");
  ASSERT_NE(figures, nullptr);
  const core::Object& scaling = *figures->if_object()->find("scaling")->if_object();
  EXPECT_EQ(*scaling.find("x")->if_object()->find("scale")->if_text(), "log");
  const core::Array& series = *scaling.find("series")->if_array();
  ASSERT_EQ(series.size(), 3U);
  const core::Array& points = *series[0].if_object()->find("points")->if_array();
  ASSERT_EQ(points.size(), 3U);
  EXPECT_EQ(points[2].if_object()->find("x")->number(), 1e5);
  EXPECT_EQ(points[2].if_object()->find("high")->number(), 1.5);
  EXPECT_TRUE(*series[2].if_object()->find("reference")->if_bool());
}

TEST(AxisRange, Logarithmic_EndsAtWholeDecades) {
  const AxisRange range({.title = "", .unit = Unit::kSeconds, .scale = Scale::kLog},
                        {0.02, 3, -1, 0});
  EXPECT_DOUBLE_EQ(range.place(0.01), 0);
  EXPECT_DOUBLE_EQ(range.place(10), 1);
  EXPECT_NEAR(range.place(1), 2.0 / 3, 1e-9);
  EXPECT_FALSE(range.holds(0));
  EXPECT_FALSE(range.holds(11));
  EXPECT_EQ(range.marks().size(), 4U + 3 * 8);
}

TEST(AxisRange, Linear_BeginsAtZeroAndHasRoundSteps) {
  const AxisRange range({.title = "", .unit = Unit::kCount, .scale = Scale::kLinear}, {3, 47});
  EXPECT_DOUBLE_EQ(range.place(0), 0);
  EXPECT_DOUBLE_EQ(range.place(50), 1);
  std::vector<std::string> labels;
  for (const AxisMark& mark : range.marks()) labels.push_back(mark.label);
  EXPECT_THAT(labels, ElementsAre("0", "10", "20", "30", "40", "50"));
}

TEST(AxisRange, OfOneValueOrNone_StillHasALength) {
  for (const Scale scale : {Scale::kLog, Scale::kLinear}) {
    for (const std::vector<double>& values : {std::vector<double>{}, {0.0}, {100.0}}) {
      const AxisRange range({.title = "", .unit = Unit::kPlain, .scale = scale}, values);
      EXPECT_GE(range.marks().size(), 2U);
      EXPECT_EQ(range.place(range.marks().back().value), 1);
    }
  }
}

}  // namespace
}  // namespace scalectl::report
