#include <gmock/gmock.h>

#include "core/json.hpp"
#include "support/thrown.hpp"
#include "tick/definition.hpp"

namespace scalectl::tick {
namespace {

using test::error_of;

Parameter of_type(const std::string& type) {
  return {.name = "how-much", .variable = "how_much", .type = type};
}

/// "key=JSON" of what described() gives.
std::string described(const std::string& type, const std::string& text) {
  const auto [key, value] = of_type(type).described(text);
  return key + "=" + core::to_json(value);
}

TEST(Parameter, ToSql_IsTheServersForm) {
  EXPECT_EQ(of_type("int").to_sql("-5"), "-5");
  EXPECT_EQ(of_type("float").to_sql("0.25"), "0.25");
  EXPECT_EQ(of_type("float").to_sql("-1e3"), "-1e3");
  EXPECT_EQ(of_type("interval").to_sql("1m30s"), "90.000000 seconds");
  EXPECT_EQ(of_type("interval").to_sql("250ms"), "0.250000 seconds");
  EXPECT_EQ(of_type("text").to_sql("it's"), "it's");
  EXPECT_EQ(of_type("bool").to_sql("true"), "true");
}

TEST(Parameter, ToSqlOfAnotherType_NamesTheOption) {
  const std::pair<const char*, const char*> cases[] = {{"int", "\"x\" is not a whole number"},
                                                       {"float", "\"x\" is not a number"},
                                                       {"interval", "\"x\" is not a duration"},
                                                       {"bool", "\"x\" is neither true nor false"}};
  for (const auto& [type, message] : cases) {
    const core::Error error = error_of([&] { of_type(type).to_sql("x"); });
    EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
    EXPECT_EQ(error.message(), std::string("--how-much: ") + message);
  }
}

TEST(Parameter, FloatWithJunk_IsRefused) {
  for (const char* text : {"", "1.5x", "1,5", " 1"}) {
    EXPECT_THROW(of_type("float").to_sql(text), core::Error) << text;
  }
}

TEST(Parameter, Described_IsTypedUnderAKeyWithItsUnit) {
  EXPECT_EQ(described("int", "5"), "how_much=5");
  EXPECT_EQ(described("float", "0.25"), "how_much=0.25");
  EXPECT_EQ(described("interval", "1h"), "how_much_s=3600.0");
  EXPECT_EQ(described("bool", "false"), "how_much=false");
  EXPECT_EQ(described("text", "x"), "how_much=\"x\"");
}

TEST(Parameter, Cast_IsTheSqlType) {
  EXPECT_EQ(of_type("int").cast(), "int");
  EXPECT_EQ(of_type("float").cast(), "double precision");
  EXPECT_EQ(of_type("interval").cast(), "interval");
  EXPECT_EQ(of_type("bool").cast(), "boolean");
}

}  // namespace
}  // namespace scalectl::tick
