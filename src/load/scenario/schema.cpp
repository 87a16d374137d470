#include "load/scenario/schema.hpp"

#include "core/json.hpp"
#include "load/scenario/grammar.hpp"

namespace scalectl::load::scenario {
namespace {

using core::Array;
using core::Object;
using core::Value;
using Kind = Form::Kind;

// What a text may be in place of a number: with a unit, or from the environment.
constexpr const char* kWholeText = R"(^([0-9]+|\$\{.*\})$)";
constexpr const char* kDurationText = R"(^(([0-9.]+(us|ms|s|m|min|h|d))+|[0-9.]+|.*\$\{.*\}.*)$)";
constexpr const char* kCountText = R"(^([0-9.]+[kKMG]?|.*\$\{.*\}.*)$)";
constexpr const char* kRateText = R"(^([0-9.]+[kKM]?(/(s|m|min|h))?|.*\$\{.*\}.*)$)";

Value schema_of(const Forms& forms);

Array number_or_text(const char* number) { return {number, "string"}; }

/// A quantity: numbers from 0, and texts that match.
Object quantity(const char* number, const char* pattern) {
  return {{"type", number_or_text(number)}, {"minimum", 0}, {"pattern", pattern}};
}

Value schema_of(const Form& form) {
  switch (form.kind) {
    case Kind::kText:
      return Object{{"type", "string"}};
    case Kind::kFlag:
      return Object{{"type", "boolean"}};
    case Kind::kTrue:
      return Object{{"const", true}};
    case Kind::kWhole:
      return quantity("integer", kWholeText);
    case Kind::kDuration:
      return quantity("number", kDurationText);
    case Kind::kCount:
      return quantity("integer", kCountText);
    case Kind::kRate:
      return quantity("number", kRateText);
    case Kind::kStatus:
      return Object{{"type", number_or_text("integer")},
                    {"minimum", 100},
                    {"maximum", 599},
                    {"pattern", "^[1-5]xx$"}};
    case Kind::kWord: {
      Array words;
      for (const std::string_view word : form.words) words.emplace_back(word);
      return Object{{"enum", words}};
    }
    case Kind::kAny:
      return Object{};
    case Kind::kObject:
      return Object{{"$ref", "#/$defs/" + std::string(form.object)}};
    case Kind::kList:
      return Object{{"type", "array"}, {"items", schema_of(form.items)}};
    case Kind::kMap:
      return Object{{"type", "object"}, {"additionalProperties", schema_of(form.items)}};
  }
  return Object{};
}

Value schema_of(const Forms& forms) {
  if (forms.size() == 1) return schema_of(forms[0]);
  Array any;
  for (const Form& form : forms) any.push_back(schema_of(form));
  return Object{{"anyOf", any}};
}

Object schema_of(const ObjectType& type) {
  Object properties;
  Array required;
  for (const Field& field : type.fields) {
    Object property{{"description", field.doc}};
    const Value forms = schema_of(field.forms);
    for (const auto& [key, value] : *forms.if_object()) property.set(key, value);
    properties.set(std::string(field.name), property);
    if (field.required) required.emplace_back(field.name);
  }
  Object schema{{"description", type.doc}, {"type", "object"}, {"properties", properties}};
  if (!required.empty()) schema.set("required", required);
  schema.set("additionalProperties", false);
  if (!type.one_of.empty()) {
    Array one_of;
    for (const std::string_view name : type.one_of) {
      one_of.push_back(Object{{"required", Array{name}}});
    }
    schema.set("oneOf", one_of);
  }
  return schema;
}

}  // namespace

std::string json_schema() {
  Object root{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
              {"title", "scalectl load scenario"}};
  Object definitions;
  for (const ObjectType& type : object_types()) {
    const Object schema = schema_of(type);
    if (type.name != "scenario") {
      definitions.set(std::string(type.name), schema);
      continue;
    }
    for (const auto& [key, value] : schema) root.set(key, value);
  }
  root.set("$defs", definitions);
  return core::to_json(root, 2) + "\n";
}

}  // namespace scalectl::load::scenario
