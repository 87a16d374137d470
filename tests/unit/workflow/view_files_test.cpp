#include "workflow/view_files.hpp"

#include <gmock/gmock.h>

#include "support/command.hpp"
#include "support/thrown.hpp"

namespace scalectl::workflow {
namespace {

using test::error_of;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> names_of(const ViewVersion& version) {
  std::vector<std::string> names;
  for (const ViewObject& object : version.objects) names.push_back(object.name);
  return names;
}

/// A version 9 of the readiness view with this text.
class Overlaid {
 public:
  explicit Overlaid(const std::string& text) {
    directory_.write("views/step_readiness_status.v9.sql", text);
  }
  catalog::Catalog catalog() const { return catalog::Catalog(directory_.path()); }

 private:
  test::TemporaryDirectory directory_;
};

const std::string kHead = "-- view: step_readiness_status\n-- summary: Ninth.\n\n";
const std::string kView =
    "-- @view step_readiness_statuses\n-- summary: Nothing.\n\n"
    "CREATE VIEW :\"step_readiness_statuses\" AS SELECT 1 AS one\n";

TEST(ViewVersions, Embedded_AreThreeWithBothViewsEach) {
  const auto versions = load_versions(catalog::Catalog());
  ASSERT_EQ(versions.size(), 3U);
  for (int i = 0; i < 3; ++i) {
    const ViewVersion& version = versions[static_cast<std::size_t>(i)];
    EXPECT_EQ(version.version, i + 1);
    EXPECT_NE(version.summary, "");
    EXPECT_TRUE(version.makes("step_readiness_statuses"));
    EXPECT_TRUE(version.makes("task_execution_contexts"));
    EXPECT_EQ(version.makes("step_readiness_for_tasks"), i == 2);
  }
  EXPECT_NE(versions[0].checksum, versions[1].checksum);
}

TEST(ViewVersions, V3_MakesWhatContextsReadBeforeThem) {
  EXPECT_THAT(names_of(load_version(catalog::Catalog(), 3)),
              ElementsAre("step_readiness_statuses", "step_readiness_for_tasks",
                          "step_readiness_for_task", "task_execution_contexts",
                          "task_execution_context_for_tasks", "task_execution_context_for_task"));
}

TEST(LoadVersion, Zero_IsTheNewest) {
  EXPECT_EQ(load_version(catalog::Catalog(), 0).version, 3);
  EXPECT_EQ(load_version(catalog::Catalog(), 1).version, 1);
}

TEST(LoadVersion, Unknown_IsRefusedWithThoseThereAre) {
  const core::Error error = error_of([] { load_version(catalog::Catalog(), 9); });
  EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
  EXPECT_EQ(error.message(), "there is no version v9 of the views");
  EXPECT_EQ(error.hint(), "there are: v1, v2, v3");
}

TEST(ViewFile, OfAnSqlDir_IsANewerVersion) {
  const Overlaid overlaid(kHead + kView);
  const ViewVersion version = load_version(overlaid.catalog(), 0);
  EXPECT_EQ(version.version, 9);
  EXPECT_EQ(version.summary, "Ninth.");
  EXPECT_THAT(names_of(version), ElementsAre("step_readiness_statuses"));
  EXPECT_FALSE(version.makes("task_execution_contexts"));
}

TEST(ViewFile, OtherText_HasAnotherChecksum) {
  const std::string before = load_version(Overlaid(kHead + kView).catalog(), 9).checksum;
  EXPECT_EQ(load_version(Overlaid(kHead + kView).catalog(), 9).checksum, before);
  EXPECT_NE(load_version(Overlaid(kHead + kView + "  -- same view\n").catalog(), 9).checksum,
            before);
}

TEST(ViewFile, Broken_IsRefusedWithTheLine) {
  const std::vector<std::pair<std::string, std::string>> broken{
      {"-- view: readiness\n-- summary: x\n\n" + kView, "view: step_readiness_status"},
      {"-- view: step_readiness_status\n\n" + kView, "summary"},
      {kHead + "-- @table x\n-- summary: x\n\nCREATE TABLE :\"x\" ();\n",
       "unexpected section @table x"},
      {kHead + "-- @view a\n-- summary: x\n\nCREATE VIEW :\"b\" AS SELECT 1\n",
       "expected CREATE VIEW :\"a\""},
      {kHead + "-- @function f\n-- summary: x\n\nCREATE VIEW :\"f\" AS SELECT 1\n",
       "expected CREATE FUNCTION :\"f\""}};
  for (const auto& [text, message] : broken) {
    const Overlaid overlaid(text);
    const core::Error error = error_of([&] { load_versions(overlaid.catalog()); });
    EXPECT_EQ(error.kind(), core::ErrorKind::kUsage) << message;
    EXPECT_THAT(error.message(),
                AllOf(HasSubstr("step_readiness_status.v9.sql:"), HasSubstr(message)));
  }
}

}  // namespace
}  // namespace scalectl::workflow
