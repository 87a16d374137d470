#include "catalog/catalog.hpp"

#include <gmock/gmock.h>

#include "support/command.hpp"
#include "support/thrown.hpp"

namespace scalectl::catalog {
namespace {

using test::error_of;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;

/// "name.vVERSION" of every entry.
std::vector<std::string> names(const std::vector<Entry>& entries) {
  std::vector<std::string> found;
  for (const Entry& entry : entries)
    found.push_back(entry.name + ".v" + std::to_string(entry.version));
  return found;
}

/// A --sql-dir of one test's own.
class SqlDir : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    return directory_.write(name, text);
  }
  Catalog catalog() const { return Catalog(directory_.path()); }
  const std::string& path() const { return directory_.path(); }

 private:
  test::TemporaryDirectory directory_;
};

TEST(Catalog, Embedded_HasTheTicksOfTheRepository) {
  EXPECT_THAT(names(Catalog().newest("sql/ticks")),
              IsSupersetOf({"combat.v2", "decay.v2", "respawn.v1", "stamina.v2",
                            "status-effects.v2"}));
}

TEST(Catalog, Embedded_KnowsItsPathAndText) {
  const File file = Catalog().find("sql/ticks", "stamina", "tick").file;
  EXPECT_EQ(file.path, "sql/ticks/stamina.v2.sql");
  EXPECT_THAT(file.text, HasSubstr("-- tick: stamina\n"));
}

TEST(Catalog, FindOfASlip_NamesTheClosest) {
  const core::Error error = error_of([] { Catalog().find("sql/ticks", "stamnia", "tick"); });
  EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
  EXPECT_EQ(error.message(), "there is no tick \"stamnia\"");
  EXPECT_EQ(error.hint(), "did you mean \"stamina\"?");
}

TEST(Catalog, FindOfSomethingElse_ListsWhatThereIs) {
  EXPECT_THAT(error_of([] { Catalog().find("sql/ticks", "xyzzy", "tick"); }).hint(),
              HasSubstr("there are: combat, decay, "));
}

TEST(Catalog, UnknownFolder_IsEmpty) {
  EXPECT_THAT(Catalog().newest("sql/none"), IsEmpty());
  EXPECT_THAT(Catalog().files("sql/none"), IsEmpty());
  EXPECT_THAT(Catalog().folders("sql/none"), IsEmpty());
}

TEST(Catalog, Folders_AreThoseDirectlyBelow) {
  const Catalog catalog;
  EXPECT_THAT(catalog.folders("sql/schema"), IsSupersetOf({"game", "scalectl"}));
  EXPECT_THAT(catalog.folders("sql"), IsSupersetOf({"indexes", "schema", "ticks"}));
}

TEST_F(SqlDir, Newest_IsTheHighestNumberAndSorted) {
  for (const char* name : {"b.v2.sql", "b.v10.sql", "b.v9.sql", "a.sql", "c.v1.sql"}) {
    write(std::string("mine/") + name, name);
  }
  EXPECT_THAT(names(catalog().newest("sql/mine")), ElementsAre("a.v1", "b.v10", "c.v1"));
  EXPECT_EQ(catalog().find("sql/mine", "b", "thing").file.text, "b.v10.sql");
}

TEST_F(SqlDir, DotVWithoutANumber_IsPartOfTheName) {
  write("mine/a.vx.sql", "");
  write("mine/b.v0.sql", "");
  EXPECT_THAT(names(catalog().newest("sql/mine")), ElementsAre("a.vx.v1", "b.v0.v1"));
}

TEST_F(SqlDir, FileOfTheSamePath_TakesTheEmbeddedOnesPlace) {
  const std::string path = write("ticks/stamina.v1.sql", "mine");
  const Entry entry = catalog().find("sql/ticks", "stamina", "tick");
  EXPECT_EQ(entry.file.text, "mine");
  EXPECT_EQ(entry.file.path, path);
}

TEST_F(SqlDir, FileOfAnotherPath_IsAdded) {
  write("ticks/mine.v3.sql", "mine");
  EXPECT_THAT(names(catalog().newest("sql/ticks")),
              testing::AllOf(Contains("mine.v3"), Contains("stamina.v2")));
}

TEST_F(SqlDir, HigherVersion_IsTheNewest) {
  write("ticks/stamina.v2.sql", "mine");
  EXPECT_EQ(catalog().find("sql/ticks", "stamina", "tick").version, 2);
}

TEST_F(SqlDir, OtherFiles_AreLeftAlone) {
  write("ticks/readme.md", "");
  write("ticks/old.sql.orig", "");
  EXPECT_EQ(names(catalog().newest("sql/ticks")), names(Catalog().newest("sql/ticks")));
}

TEST_F(SqlDir, Files_AreSortedByName) {
  write("schema/mine/002_b.sql", "b");
  write("schema/mine/001_a.sql", "a");
  std::string texts;
  for (const File& file : catalog().files("sql/schema/mine")) texts += file.text;
  EXPECT_EQ(texts, "ab");
  EXPECT_THAT(catalog().folders("sql/schema"), Contains("mine"));
}

TEST_F(SqlDir, Missing_IsRefused) {
  const core::Error error = error_of([&] { Catalog(path() + "/none"); });
  EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
  EXPECT_EQ(error.message(),
            "cannot read --sql-dir " + path() + "/none: No such file or directory");
}

TEST_F(SqlDir, ThatIsAFile_IsRefused) {
  const std::string file = write("f.sql", "");
  EXPECT_THAT(error_of([&] { Catalog{file}; }).message(), HasSubstr("Not a directory"));
}

}  // namespace
}  // namespace scalectl::catalog
