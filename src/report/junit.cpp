#include <fmt/format.h>

#include "core/text.hpp"
#include "report/formats.hpp"
#include "report/show.hpp"
#include "report/xml.hpp"

namespace scalectl::report {
namespace {

using core::Result;
using core::Verdict;

std::string reason(const Result& result) {
  std::string text = fmt::format("{:.3f} s", result.elapsed_s);
  if (result.threshold_s)
    text += fmt::format(", threshold {}", show_threshold(*result.threshold_s));
  if (result.band) text += ", " + *result.band;
  if (result.threshold_s) return text;  // that is the reason
  for (const auto& [key, value] : flatten(result.metrics, ".")) {
    const bool small = value.if_integer() != nullptr && *value.if_integer() > 0 &&
                       unit_of(key) == core::Unit::kPlain;
    if (small) text += fmt::format(", {} {}", label_of(key), show(value, core::Unit::kPlain));
  }
  return text;
}

std::string body(const Result& result) {
  const std::string notes = xml_escaped(core::join(result.notes, "\n"));
  switch (result.verdict) {
    case Verdict::kFail:
      return fmt::format("    <failure message=\"{}\">{}</failure>\n", xml_escaped(reason(result)),
                         notes);
    case Verdict::kInconclusive:
      return fmt::format("    <error message=\"inconclusive: {}\">{}</error>\n",
                         xml_escaped(reason(result)), notes);
    case Verdict::kWarn:
      return fmt::format("    <system-out>warning: {}\n{}</system-out>\n",
                         xml_escaped(reason(result)), notes);
    case Verdict::kPass:
      break;
  }
  return notes.empty() ? "" : fmt::format("    <system-out>{}</system-out>\n", notes);
}

/// A check as a test case of its own.
std::string case_of(const Result& result, const core::Check& check) {
  const std::string head =
      fmt::format("  <testcase classname=\"scalectl.{}\" name=\"{}\" time=\"0\"",
                  xml_escaped(result.command), xml_escaped(check.name));
  if (check.passed) return head + "/>\n";
  return head + fmt::format(">\n    <failure message=\"{}\"></failure>\n  </testcase>\n",
                            xml_escaped("observed: " + check.observed));
}

}  // namespace

std::string junit(const Results& results, const Style& /*style*/) {
  int tests = 0;
  int failures = 0;
  int errors = 0;
  double time = 0;
  std::string cases;
  for (const Result& result : results) {
    failures += result.verdict == Verdict::kFail ? 1 : 0;
    errors += result.verdict == Verdict::kInconclusive ? 1 : 0;
    time += result.elapsed_s;
    cases += fmt::format("  <testcase classname=\"scalectl.{}\" name=\"{}\" time=\"{:.3f}\"",
                         xml_escaped(result.command),
                         xml_escaped(result.name.empty() ? result.command : result.name),
                         result.elapsed_s);
    const std::string inner = body(result);
    cases += inner.empty() ? "/>\n" : ">\n" + inner + "  </testcase>\n";
    ++tests;
    for (const core::Check& check : result.checks) {
      cases += case_of(result, check);
      ++tests;
      failures += check.passed ? 0 : 1;
    }
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuite name=\"scalectl\" tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{:.3f}\">\n"
      "{}</testsuite>\n",
      tests, failures, errors, time, cases);
}

}  // namespace scalectl::report
