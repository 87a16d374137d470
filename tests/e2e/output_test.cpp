// Where results go (-o, stdout), and every format of them.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <regex>

#include "core/text.hpp"
#include "process/descriptor.hpp"
#include "process/files.hpp"
#include "support/e2e.hpp"
#include "support/json.hpp"

namespace scalectl::test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

std::vector<std::string> lines_of(const std::string& text) {
  auto lines = core::split(text, '\n');
  EXPECT_EQ(lines.back(), "") << "the last line is not ended";
  lines.pop_back();
  return lines;
}

/// True if the tags of `xml` open and close in order.
bool is_balanced(const std::string& xml) {
  static const std::regex kTag("<(/?)([A-Za-z-]+)((?: [a-z]+=\"[^\"<]*\")*)(/?)>");
  std::vector<std::string> open;
  for (std::sregex_iterator tag(xml.begin(), xml.end(), kTag), end; tag != end; ++tag) {
    if ((*tag)[1].length() != 0) {
      if (open.empty() || open.back() != (*tag)[2]) return false;
      open.pop_back();
    } else if ((*tag)[4].length() == 0) {
      open.push_back((*tag)[2]);
    }
  }
  const std::string rest = std::regex_replace(xml.substr(xml.find("?>") + 2), kTag, "");
  return open.empty() && rest.find_first_of("<>") == std::string::npos;
}

class Output : public OnDatabase {
 protected:
  TemporaryDirectory directory_;
  const std::string file_ = directory_.path() + "/result";

  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory_.path())) {
      names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  Outcome under_umask(const std::string& mask) {
    return run({"/bin/sh", "-c", "umask " + mask + "; exec \"$@\"", "sh", binary(), "tick", "list",
                "--format", "json", "-o", file_});
  }
  unsigned mode() const {
    struct stat status {};
    EXPECT_EQ(stat(file_.c_str(), &status), 0);
    return status.st_mode & 07777U;
  }
};

TEST_F(Output, File_TakesTheResultAndStdoutStaysEmpty) {
  const Outcome outcome = scalectl({"tick", "list", "--format", "json", "-o", file_});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(text_at(json(process::read_file(file_)), "command"), "tick list");
  EXPECT_THAT(files(), ElementsAre("result"));
}

TEST_F(Output, NewFile_HasTheModeOfTheUmask) {
  ASSERT_EQ(under_umask("027").code, 0);
  EXPECT_EQ(mode(), 0640U);
  ASSERT_EQ(chmod(file_.c_str(), 0604), 0);
  ASSERT_EQ(under_umask("077").code, 0);
  EXPECT_EQ(mode(), 0604U) << "an existing file keeps its own";
}

TEST_F(Output, ExistingFile_IsReplacedInOneStep) {
  directory_.write("result", "old");
  const process::Descriptor reader(open(file_.c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(scalectl({"tick", "list", "--format", "json", "-o", file_}).code, 0);
  char old[8] = {};
  EXPECT_EQ(read(reader.get(), old, sizeof old), 3) << "the old file was written over";
  EXPECT_STREQ(old, "old");
  EXPECT_THAT(process::read_file(file_), StartsWith("{\"schema\":"));
}

TEST_F(Output, SymbolicLink_StaysALink) {
  const std::string target = directory_.write("elsewhere/target", "old");
  fs::create_symlink(target, file_);
  ASSERT_EQ(scalectl({"tick", "list", "--format", "json", "-o", file_}).code, 0);
  EXPECT_TRUE(fs::is_symlink(file_));
  EXPECT_THAT(process::read_file(target), StartsWith("{\"schema\":"));
}

TEST_F(Output, UnwritablePlace_IsRefusedBeforeAnythingIsDone) {
  seed("50");
  const std::string before = everything();
  directory_.write("plain", "x");
  for (const std::string& place : {std::string("/nonexistent/result"), directory_.path(),
                                   directory_.path() + "/plain/result"}) {
    for (const auto& command :
         std::vector<std::vector<std::string>>{{"tick", "run", "stamina"},
                                               {"seed", "game", "--players", "9", "--replace"},
                                               {"index", "apply", "game"},
                                               {"tick", "list"}}) {
      auto arguments = command;
      arguments.insert(arguments.end(), {"-o", place});
      const Outcome outcome = scalectl(arguments);
      EXPECT_TRUE(is_refusal(outcome, 2)) << place << " " << command[0];
      EXPECT_THAT(outcome.err, HasSubstr(place));
    }
  }
  EXPECT_EQ(everything(), before);
  EXPECT_THAT(files(), ElementsAre("plain"));
}

TEST_F(Output, FullStdout_IsAnError) {
  const Outcome outcome =
      run({"/bin/sh", "-c", "exec \"$@\" >/dev/full", "sh", binary(), "tick", "list"});
  EXPECT_TRUE(is_refusal(outcome, 5));
  EXPECT_THAT(outcome.err, HasSubstr("cannot write the result"));
}

TEST_F(Output, Csv_HasAsManyCellsInEveryLine) {
  seed("100");
  const Outcome outcome = scalectl({"tick", "run", "--all", "--format", "csv"});
  ASSERT_EQ(outcome.code, 0);
  const auto lines = lines_of(outcome.out);
  ASSERT_EQ(lines.size(), 6U);
  EXPECT_THAT(lines[0], StartsWith("command,name,started_at,elapsed_s,verdict,"));
  for (const std::string& line : lines) {
    EXPECT_EQ(std::count(line.begin(), line.end(), ','),
              std::count(lines[0].begin(), lines[0].end(), ','))
        << line;
  }
  EXPECT_THAT(lines[4], StartsWith("tick run,stamina,20"));
}

TEST_F(Output, Markdown_HasWellFormedTables) {
  const Outcome outcome = scalectl({"tick", "list", "--format", "md"});
  ASSERT_EQ(outcome.code, 0);
  std::vector<std::string> table;
  for (const std::string& line : lines_of(outcome.out)) {
    if (line.starts_with("|")) table.push_back(line);
  }
  ASSERT_EQ(table.size(), 7U);
  EXPECT_THAT(table[1], MatchesRegex("(\\|[ :]*-+[ :]*)+\\|"));
  for (const std::string& line : table) {
    EXPECT_EQ(std::count(line.begin(), line.end(), '|'), 7) << line;
  }
}

TEST_F(Output, Junit_IsXmlWithOneCasePerResult) {
  seed("100");
  const Outcome outcome =
      scalectl({"tick", "run", "--all", "--format", "junit", "--strict", "--warn-after", "1us"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.out, StartsWith("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"));
  EXPECT_TRUE(is_balanced(outcome.out)) << outcome.out;
  EXPECT_THAT(outcome.out, HasSubstr("tests=\"5\" failures=\"5\" errors=\"0\""));
  EXPECT_THAT(outcome.out, HasSubstr("<testcase classname=\"scalectl.tick run\" name=\"stamina\""));
}

TEST_F(Output, Prometheus_IsATextfileForTheNodeExporter) {
  seed("100");
  const Outcome outcome =
      scalectl({"tick", "run", "--all", "--format", "prom", "-o", file_, "--quiet"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const std::string text = process::read_file(file_);
  std::vector<std::string> families;
  for (const std::string& line : lines_of(text)) {
    if (line.starts_with("# TYPE ")) {
      families.push_back(core::split(line, ' ')[2]);
      EXPECT_EQ(std::count(families.begin(), families.end(), families.back()), 1) << line;
    } else if (!line.starts_with("# HELP ")) {
      // One sample: name, labels, value; a third word would be a time, which a textfile must not
      // have.
      EXPECT_THAT(line, MatchesRegex("scalectl_tick_run_[a-z_]+\\{name=\"[a-z-]+\""
                                     "(,[a-z_]+=\"[^\"]*\")*\\} [-+.0-9e]+"));
      ASSERT_FALSE(families.empty());
      EXPECT_THAT(line, StartsWith(families.back() + "{"));
    }
  }
  EXPECT_THAT(families, testing::IsSupersetOf({"scalectl_tick_run_success",
                                               "scalectl_tick_run_elapsed_seconds",
                                               "scalectl_tick_run_rows"}));
  EXPECT_THAT(text, HasSubstr("scalectl_tick_run_success{name=\"stamina\",strategy=\"set\"} 1\n"));
}

TEST_F(Output, Nagios_UsesItsOwnExitCodes) {
  seed("100");
  const auto nagios = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"tick", "run", "stamina", "--format", "nagios", "--quiet"});
    return scalectl(more);
  };
  const Outcome warning = nagios({"--warn-after", "1us"});
  EXPECT_EQ(warning.code, 1);
  EXPECT_THAT(warning.out, StartsWith("SCALECTL TICK RUN WARNING - "));
  const Outcome critical = nagios({"--warn-after", "1us", "--strict"});
  EXPECT_EQ(critical.code, 2);
  EXPECT_THAT(critical.out, StartsWith("SCALECTL TICK RUN CRITICAL - "));
  const Outcome unreachable = nagios({"--dsn", "postgresql://lab@127.0.0.1:1/lab"});
  EXPECT_EQ(unreachable.code, 2);
  EXPECT_THAT(unreachable.out, StartsWith("SCALECTL CRITICAL - cannot connect"));
  for (const auto& mistake : std::vector<std::vector<std::string>>{
           {"--warn-after", "soon"}, {"--warn-aftr", "5s"}, {"--all"}}) {
    const Outcome unknown = nagios(mistake);
    EXPECT_EQ(unknown.code, 3) << mistake[0];
    EXPECT_THAT(unknown.out, StartsWith("SCALECTL UNKNOWN - "));
  }
  const Outcome ok = scalectl({"tick", "run", "stamina", "--format", "nagios"});
  EXPECT_EQ(ok.code, 0);
  EXPECT_THAT(ok.out, MatchesRegex("SCALECTL TICK RUN OK - [^|\n]* \\| "
                                   "elapsed=[0-9.e-]+s;5;;0( [a-z_]+=[0-9.e-]+[sB]?)*\n"));
}

TEST_F(Output, EnvOfACommandWithoutAny_IsRefusedBeforeAnythingIsDone) {
  EXPECT_TRUE(is_refusal(scalectl({"tick", "list", "--format", "env"}), 2));
  EXPECT_TRUE(is_refusal(scalectl({"db", "init", "game", "--format", "env"}), 2));
  EXPECT_EQ(everything(), "");
}

}  // namespace
}  // namespace scalectl::test
