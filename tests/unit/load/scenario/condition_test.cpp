#include "load/scenario/condition.hpp"

#include <gmock/gmock.h>

#include <tuple>

#include "fixed_scope.hpp"
#include "support/thrown.hpp"

namespace scalectl::load::scenario {
namespace {

using test::error_of;
using testing::HasSubstr;

class Condition : public testing::Test {
 protected:
  Condition() {
    scope.set("n", "10", true);
    scope.set("name", "ann lee");
    scope.set("empty", "");
    scope.set("id", "9007199254740993");
    scope.set("body", "{\"ok\": true, \"to\": \"a == b\"}");
  }
  Check parse(std::string_view text) { return parse_check(text, symbols, used); }
  bool holds(std::string_view text) { return parse(text).holds(scope); }

  Symbols symbols;
  std::vector<std::string> used;
  FixedScope scope{symbols};
};

TEST_F(Condition, NumbersAreComparedAsNumbers) {
  const std::pair<const char*, bool> cases[] = {{"${n} == 10", true},
                                                {"${n} == 10.0", true},
                                                {"${n} == 1e1", true},
                                                {"${n} != 10", false},
                                                {"${n} < 9", false},
                                                {"9 < ${n}", true},
                                                {"${n} <= 10", true},
                                                {"${n} > 9.5", true},
                                                {"${n} >= 11", false},
                                                {"-1 < 0", true},
                                                {"${n} == ten", false},
                                                {"${n} != ten", true},
                                                {"${n} < ten", false},
                                                {"${n} > ten", false},
                                                // A double holds neither of these two.
                                                {"${id} == 9007199254740992", false},
                                                {"${id} > 9007199254740992", true}};
  for (const auto& [text, held] : cases) EXPECT_EQ(holds(text), held) << text;
}

TEST_F(Condition, TextsAreComparedAsTexts) {
  const std::pair<const char*, bool> cases[] = {{"${name} == ann lee", true},
                                                {"${name} == ann", false},
                                                {"${name} != bob", true},
                                                {"${name} contains n l", true},
                                                {"${name} contains x", false},
                                                {"${name} matches ^ann", true},
                                                {"${name} matches ^lee", false},
                                                {"${name} matches [el]{3}$", true},
                                                {"${empty} == ''", true},
                                                {"${empty} == \"\"", true},
                                                {"${name} == ''", false},
                                                {"${name} contains ${empty}", true},
                                                {"${body} contains '\"ok\"'", true},
                                                {"${body} contains 'a == b'", true},
                                                {"'a == b' == 'a == b'", true},
                                                {"${name} < b", false}};
  for (const auto& [text, held] : cases) EXPECT_EQ(holds(text), held) << text;
}

TEST_F(Condition, VariableWithoutValue_NeverHolds) {
  for (const char* text : {"${nobody} == x", "${nobody} != x", "x != ${nobody}",
                           "${nobody}${n} != x", "${nobody} contains ''"}) {
    EXPECT_FALSE(holds(text)) << text;
  }
}

TEST_F(Condition, IsNamedByItsText) { EXPECT_EQ(parse(" ${n} == 10 ").name, "${n} == 10"); }

TEST_F(Condition, Mistakes_AreRefused) {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {"", "compares nothing", "white space"},
      {"${n}", "compares nothing", "white space"},
      {"${n}==10", "compares nothing", "white space"},
      {"${n} = 10", "compares nothing", "=="},
      {"== 10", "column 1 of the condition: nothing before \"==\"", "''"},
      {"${n} ==", "column 6 of the condition: nothing after \"==\"", "''"},
      {"${n == 10", "compares nothing", "white space"},
      {"a == ${n", "\"${\" without \"}\"", "$${"},
      {"${n} matches (", "\"(\" is no regular expression: missing ): (", "RE2"},
      {"${n} matches ${name}", "changes with each use", "environment"}};
  for (const auto& [text, says, hint] : cases) {
    const core::Error error = error_of([&, t = text] { parse(t); });
    EXPECT_EQ(error.kind(), core::ErrorKind::kUsage) << text;
    EXPECT_THAT(error.message(), HasSubstr(says)) << text;
    EXPECT_THAT(error.hint(), HasSubstr(hint)) << text;
  }
}

}  // namespace
}  // namespace scalectl::load::scenario
