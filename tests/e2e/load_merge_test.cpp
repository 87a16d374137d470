// scalectl load merge: the shards of a run, and what is none of them.
#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "core/histogram.hpp"
#include "core/json.hpp"
#include "support/e2e.hpp"
#include "support/load_result.hpp"
#include "support/scripted_server.hpp"

namespace scalectl::test {
namespace {

using testing::HasSubstr;

class LoadMerge : public testing::Test {
 protected:
  /// The Result of shard `shard` of a run, in a file of that name.
  std::string shard(const std::string& which, const std::string& name,
                    const std::string& rate = "300/s") {
    const std::string file = directory_.path() + "/" + name;
    const Outcome outcome = scalectl({"load", "http", server_.url(), "-c", "3", "-R", rate, "-n",
                                      "100", "--shard", which, "--format", "json", "-o", file});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return file;
  }
  static std::string content_of(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
  static Outcome merge(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"load", "merge"});
    arguments.insert(arguments.end(), {"--format", "json"});
    return scalectl(arguments);
  }
  /// That `arguments` are refused, with a message that has `part`.
  static void expect_refusal(const std::vector<std::string>& arguments, const std::string& part) {
    const Outcome outcome = merge(arguments);
    EXPECT_TRUE(is_refusal(outcome, 2));
    EXPECT_THAT(outcome.err, HasSubstr(part));
  }

  ScriptedServer server_{[](const Asked&) { return Reply{.bytes = answer(200)}; }};
  TemporaryDirectory directory_;
};

TEST_F(LoadMerge, OfAll_IsTheWhole) {
  const std::vector<std::string> files{shard("0/3", "a"), shard("1/3", "b"), shard("2/3", "c")};
  EXPECT_EQ(server_.requests(), 100);
  core::Histogram response;
  std::int64_t bytes_in = 0;
  for (const std::string& file : files) {
    const core::Value part = json(content_of(file));
    response.merge(core::Histogram::from_value(at(part, "data.histograms.response")));
    bytes_in += integer_at(part, "metrics.bytes_in");
  }
  auto arguments = files;
  arguments.insert(arguments.end(), {"--threshold", "requests==100", "--threshold", "missed==0"});
  const Outcome outcome = merge(arguments);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const core::Value whole = load_result(outcome);
  EXPECT_EQ(text_at(whole, "command"), "load merge");
  EXPECT_EQ(request_count(whole, "ok"), 100);
  EXPECT_EQ(integer_at(whole, "metrics.bytes_in"), bytes_in);
  EXPECT_EQ(integer_at(whole, "params.results"), 3);
  EXPECT_TRUE(core::Histogram::from_value(at(whole, "data.histograms.response")) == response);
  EXPECT_EQ(merge({files[0], files[1], files[2], "--threshold", "requests>100"}).code, 1);
}

TEST_F(LoadMerge, OfSome_NamesTheMissingShard) {
  expect_refusal({shard("0/3", "a"), shard("2/3", "c")}, "shard 1/3 is missing");
}

TEST_F(LoadMerge, OfOneTwice_NamesIt) {
  const std::string a = shard("0/2", "a");
  expect_refusal({a, shard("1/2", "b"), a}, "0/2");
}

TEST_F(LoadMerge, OfAnotherPlan_NamesTheFile) {
  expect_refusal({shard("0/2", "a"), shard("1/2", "other", "200/s")}, "other: is of another plan");
}

TEST_F(LoadMerge, OfAnotherSplit_IsRefused) {
  expect_refusal({shard("0/2", "a"), shard("1/3", "b")}, "1/3");
}

TEST_F(LoadMerge, OfWhatIsNoResult_NamesTheFile) {
  const std::string good = shard("0/1", "good");
  expect_refusal({directory_.path() + "/missing"}, "missing");
  expect_refusal({directory_.write("empty", "")}, "nothing to merge");
  expect_refusal({directory_.write("text", "hello\n")}, "text:1");
  expect_refusal({directory_.write("list", "[]\n")}, "list");
  expect_refusal({directory_.write("foreign", R"({"command":"tick run","name":"stamina"})")},
                 "foreign");
  const std::string whole = content_of(good);
  expect_refusal({directory_.write("cut", whole.substr(0, whole.size() / 2))}, "cut:1");
}

/// `text` with the one place of `from` replaced.
std::string with(std::string text, const std::string& from, const std::string& to) {
  const std::size_t place = text.find(from);
  EXPECT_NE(place, std::string::npos) << from;
  return text.replace(place, from.size(), to);
}

// Whatever a file claims, the answer is a refusal and no crash.
TEST_F(LoadMerge, OfAResultThatContradictsItself_IsRefused) {
  const std::string good = content_of(shard("0/1", "good"));
  const std::pair<std::string, std::string> kLies[] = {
      {R"("refused":0)", R"("refused":1)"},
      {R"("sent":100)", R"("sent":"many")"},
      {R"("sent":100)", R"("sent":-1)"},
      {R"("refused":0)", R"("refused":3)"},
      {R"("statuses":{"200":100})", R"("statuses":[])"},
      {R"("series":[)", R"("series":[7,)"},
      {R"("model":"open")", R"("model":1)"},
      {R"("shard":"0/1")", R"("shard":"x")"},
      {R"("unit":"ns")", R"("unit":"s")"},
  };
  for (const auto& [from, to] : kLies) {
    const Outcome outcome = merge({directory_.write("lie", with(good, from, to))});
    EXPECT_TRUE(is_refusal(outcome, 2)) << to;
  }
  // Counts that do not add up are named as such.
  const Outcome sum = merge({directory_.write("sum", with(good, R"("ok":100)", R"("ok":99)"))});
  EXPECT_NE(sum.code, 0);
  EXPECT_EQ(sum.out, "");
  EXPECT_THAT(sum.err, HasSubstr("sent = ok + "));
}

}  // namespace
}  // namespace scalectl::test
