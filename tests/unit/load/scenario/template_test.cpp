#include "load/scenario/template.hpp"

#include <gmock/gmock.h>

#include <set>
#include <tuple>

#include "fixed_scope.hpp"
#include "support/thrown.hpp"
#include "support/variable.hpp"

namespace scalectl::load::scenario {
namespace {

using test::error_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;

class TemplateText : public testing::Test {
 protected:
  Template parse(std::string_view text) { return parse_template(text, symbols, used); }
  std::string render(const Template& filled) {
    std::string out;
    EXPECT_EQ(filled.render(scope, out), std::nullopt);
    return out;
  }
  std::string render(std::string_view text) { return render(parse(text)); }
  /// `text` as the JSON that it is.
  std::string json(std::string_view text) {
    return render(Template(parse(text).pieces(), Template::As::kJson));
  }

  Symbols symbols;
  std::vector<std::string> used;
  FixedScope scope{symbols};
};

TEST_F(TemplateText, Variables_AreFilledInWhereverTheyStand) {
  scope.set("name", "ann");
  scope.set("player.id", "7", true);
  EXPECT_EQ(render("${name}"), "ann");
  EXPECT_EQ(render("/x/${player.id}/${ name }?a=$b"), "/x/7/ann?a=$b");
  EXPECT_THAT(used, ElementsAre("name", "player.id", "name"));
  EXPECT_EQ(render("a $${name} b"), "a ${name} b");
  EXPECT_EQ(render(""), "");
}

TEST_F(TemplateText, WithoutPlaces_IsConstant) {
  EXPECT_TRUE(parse("plain $ text").is_constant());
  EXPECT_EQ(parse("a$${b}").constant(), "a${b}");
  EXPECT_FALSE(parse("${name}").is_constant());
  EXPECT_FALSE(parse("${sequence()}").is_constant());
}

TEST_F(TemplateText, VariableWithoutValue_IsNamedByItsNumber) {
  const int number = symbols.add("nobody");
  std::string out;
  EXPECT_EQ(parse("x${nobody}").render(scope, out), number);
  Variable variable{.text = "before"};
  EXPECT_EQ(parse("${nobody}").evaluate(scope, variable), number);
  EXPECT_EQ(variable.text, "before");
}

TEST_F(TemplateText, Environment_IsReadWithItsDefault) {
  const test::Variable set("SCALECTL_TEST_WORD", "word");
  const test::Variable empty("SCALECTL_TEST_EMPTY", "");
  EXPECT_EQ(parse("${SCALECTL_TEST_WORD}").constant(), "word");
  EXPECT_EQ(parse("${SCALECTL_TEST_WORD:-x}").constant(), "word");
  EXPECT_EQ(parse("<${SCALECTL_TEST_EMPTY}>").constant(), "<>");
  EXPECT_EQ(parse("${SCALECTL_TEST_EMPTY:-x}").constant(), "x");
  EXPECT_EQ(parse("${SCALECTL_TEST_NONE:-http://h:1/}").constant(), "http://h:1/");
  EXPECT_EQ(parse("${SCALECTL_TEST_NONE:-}").constant(), "");
}

TEST_F(TemplateText, Functions_GiveWhatTheirNamesSay) {
  EXPECT_THAT(render("${uuid()}"),
              MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
  EXPECT_NE(render("${uuid()}"), render("${uuid()}"));
  EXPECT_EQ(render("${now()} ${now_ms()}"), "1700000000 1700000000123");
  EXPECT_EQ(render("${sequence()},${sequence()}"), "0,1");
  std::set<std::string> thrown;
  for (int i = 0; i < 200; ++i) thrown.insert(render("${random( -1 , 2)}"));
  EXPECT_THAT(thrown, ElementsAre("-1", "0", "1", "2"));
  EXPECT_EQ(render("${random(5, 5)}"), "5");
  EXPECT_NE(render("${random(-9223372036854775808, 9223372036854775807)}"), "");
}

TEST_F(TemplateText, SameRandomBits_GiveTheSameText) {
  const Template drawn = parse("${random(1, 1000000)} ${uuid()}");
  FixedScope again(symbols);
  std::string other;
  drawn.render(again, other);
  EXPECT_EQ(render(drawn), other);
}

TEST_F(TemplateText, InJson_ValuesAreEscapedAndJsonLosesItsQuotes) {
  scope.set("text", "say \"hi\"\n\\ é");
  scope.set("number", "42", true);
  scope.set("digits", "42");
  scope.set("list", "[1,\"a\"]", true);
  EXPECT_EQ(json(R"({"a":"${text}"})"), "{\"a\":\"say \\\"hi\\\"\\n\\\\ é\"}");
  EXPECT_EQ(json(R"({"a":"${number}","b":"${digits}","c":"n ${number}","d":"${list}"})"),
            R"({"a":42,"b":"42","c":"n 42","d":[1,"a"]})");
  EXPECT_EQ(json(R"(["${random(3, 3)}","${uuid()}x"])").substr(0, 4), "[3,\"");
  EXPECT_EQ(json(R"(["${list}-${number}"])"), R"(["[1,\"a\"]-42"])");
  // Quotes that belong to the text stay.
  EXPECT_EQ(json(R"(["\"${number}\""])"), R"(["\"42\""])");
  EXPECT_EQ(json(R"(["\\","${number}"])"), R"(["\\",42])");
}

TEST_F(TemplateText, Evaluate_KeepsJsonThatIsAllThereIs) {
  scope.set("number", "42", true);
  scope.set("digits", "42");
  const auto value = [&](std::string_view text) {
    Variable out;
    EXPECT_EQ(parse(text).evaluate(scope, out), std::nullopt);
    return out;
  };
  EXPECT_EQ(value("${number}"), (Variable{"42", true}));
  EXPECT_EQ(value("${digits}"), (Variable{"42", false}));
  EXPECT_EQ(value("${number}!"), (Variable{"42!", false}));
  EXPECT_EQ(value("${random(6, 6)}"), (Variable{"6", true}));
  EXPECT_FALSE(value("${uuid()}").is_json);
  EXPECT_EQ(value("5"), (Variable{"5", false}));
  Variable out;
  Template({std::string("{\"n\":\""), *symbols.find("number"), std::string("\"}")},
           Template::As::kJson)
      .evaluate(scope, out);
  EXPECT_EQ(out, (Variable{"{\"n\":42}", true}));
}

TEST_F(TemplateText, Evaluate_MayReplaceWhatItReads) {
  scope.set("a", "1");
  const int number = *symbols.find("a");
  parse("${a}").evaluate(scope, scope.values[number]);
  EXPECT_EQ(scope.values[number].text, "1");
  parse("${a}${a}").evaluate(scope, scope.values[number]);
  EXPECT_EQ(scope.values[number].text, "11");
}

TEST_F(TemplateText, Mistakes_AreRefusedWithTheirColumn) {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {"ab${name", "column 3 of the text: \"${\" without \"}\"", "$${"},
      {"${}", "column 1 of the text: \"${}\" names nothing", "${name}"},
      {"${two words}", "\"${two words}\" names nothing", "${name}"},
      {"${User}", "\"${User}\" names nothing", "${name}"},
      {"${rndom(1, 2)}", "there is no function \"rndom\"", "did you mean \"random\"?"},
      {"${random(1)}", "random takes 2 arguments, not 1", "${random(1, 6)}"},
      {"${uuid(1)}", "uuid takes 0 arguments, not 1", "${uuid()}"},
      {"${random(1, x)}", "\"x\" is not a whole number", "digits"},
      {"${random(6, 1)}", "6 to 1 holds no number", "lower"},
      {"${uuid(}", "\"uuid(\" without \")\"", "${name}"},
      {"x ${SCALECTL_TEST_NONE}", "column 3 of the text: SCALECTL_TEST_NONE is not set",
       "${SCALECTL_TEST_NONE:-otherwise}"},
      {"${SCALECTL_TEST_NONE:x}", "names nothing", ":-otherwise"}};
  for (const auto& [text, says, hint] : cases) {
    const core::Error error = error_of([&, t = text] { parse(t); });
    EXPECT_EQ(error.kind(), core::ErrorKind::kUsage) << text;
    EXPECT_THAT(error.message(), HasSubstr(says)) << text;
    EXPECT_THAT(error.hint(), HasSubstr(hint)) << text;
  }
}

}  // namespace
}  // namespace scalectl::load::scenario
