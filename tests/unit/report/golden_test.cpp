// Each format against files written by hand from its specification: JSON and the contract of the
// command line, RFC 4180, GitHub's Markdown, JUnit's schema, Prometheus' text exposition format,
// the Monitoring Plugins Development Guidelines, POSIX shell quoting.
#include <gmock/gmock.h>

#include "process/files.hpp"
#include "report/report.hpp"
#include "unit/report/samples.hpp"

namespace scalectl::report {
namespace {

std::string golden(const std::string& name) {
  return process::read_file(std::string(SCALECTL_SOURCE_DIR) + "/tests/golden/report/" + name);
}

class Golden : public testing::TestWithParam<const char*> {};

TEST_P(Golden, OneResult_IsAsWritten) {
  const std::string format = GetParam();
  EXPECT_EQ(render(format, {samples::run()}), golden("run." + format));
}

TEST_P(Golden, AwkwardResult_IsAsWritten) {
  const std::string format = GetParam();
  EXPECT_EQ(render(format, {samples::awkward()}), golden("awkward." + format));
}

TEST_P(Golden, SeveralResults_AreAsWritten) {
  const std::string format = GetParam();
  EXPECT_EQ(render(format, samples::several()), golden("several." + format));
}

INSTANTIATE_TEST_SUITE_P(Formats, Golden,
                         testing::Values("text", "json", "csv", "md", "junit", "prom", "nagios"),
                         [](const auto& each) { return std::string(each.param); });

TEST(GoldenEnvironment, Values_AreReadBackByAShell) {
  core::Result result = samples::run();
  result.metrics = {
      {"env", core::Object{{"DATABASE_URL", "host='/tmp/a b' port=5432"},
                           {"PGPORT", 5432},
                           {"AWKWARD", "$HOME `id` \\n \"é\" & ;"},
                           {"REDIS_PASSWORD", core::Object{{"file", "/tmp/it's/password"}}}}}};
  EXPECT_EQ(render("env", {result}), golden("lab.env"));
}

}  // namespace
}  // namespace scalectl::report
