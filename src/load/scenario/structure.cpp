// The document held against the grammar.
#include <fmt/format.h>

#include <algorithm>

#include "core/text.hpp"
#include "load/scenario/grammar.hpp"
#include "load/scenario/problem.hpp"

namespace scalectl::load::scenario {
namespace {

using core::JsonNode;
using Kind = Form::Kind;

std::vector<std::string> texts(const std::vector<std::string_view>& words) {
  return {words.begin(), words.end()};
}

std::vector<std::string> field_names(const ObjectType& type) {
  std::vector<std::string> names;
  for (const Field& field : type.fields) names.emplace_back(field.name);
  return names;
}

/// Whether a value of the node's kind can have the form, whatever it holds.
bool fits(const Form& form, const JsonNode& node) {
  const bool text = node.if_text() != nullptr;
  const bool whole = node.if_integer() != nullptr;
  switch (form.kind) {
    case Kind::kText:
    case Kind::kWord:
      return text;
    case Kind::kFlag:
      return node.if_bool() != nullptr;
    case Kind::kTrue:
      return node.if_bool() != nullptr && *node.if_bool();
    case Kind::kWhole:
    case Kind::kCount:
    case Kind::kStatus:
      return text || whole;
    case Kind::kDuration:
    case Kind::kRate:
      return text || whole || node.if_real() != nullptr;
    case Kind::kAny:
      return true;
    case Kind::kObject:
    case Kind::kMap:
      return node.if_object() != nullptr;
    case Kind::kList:
      return node.if_list() != nullptr;
  }
  return false;
}

std::string_view words_for(Kind kind) {
  switch (kind) {
    case Kind::kText:
      return "a text";
    case Kind::kWord:
      return "a word";
    case Kind::kFlag:
      return "true or false";
    case Kind::kTrue:
      return "true";
    case Kind::kWhole:
      return "a whole number";
    case Kind::kCount:
      return "a count (5000, \"10k\")";
    case Kind::kStatus:
      return "a status (200, \"2xx\")";
    case Kind::kDuration:
      return "a duration (\"1m30s\")";
    case Kind::kRate:
      return "a rate (\"50/s\")";
    case Kind::kObject:
    case Kind::kMap:
      return "an object";
    case Kind::kList:
      return "a list";
    case Kind::kAny:
      break;
  }
  return "a value";
}

class Walk {
 public:
  explicit Walk(const std::string& file) : file_(file) {}

  void value(const Forms& forms, const Spot& spot, std::string_view doc) {
    const auto form = std::find_if(forms.begin(), forms.end(),
                                   [&](const Form& one) { return fits(one, *spot.node); });
    if (form == forms.end()) {
      std::vector<std::string> wanted;
      for (const Form& one : forms) wanted.emplace_back(words_for(one.kind));
      return add(
          spot,
          fmt::format("{} where {} is expected", spot.node->kind(), core::join(wanted, " or ")),
          std::string(doc));
    }
    switch (form->kind) {
      case Kind::kWord:
        return word(*form, spot);
      case Kind::kObject:
        return object(object_type(form->object), spot);
      case Kind::kList:
        for (const Spot& item : spot.items()) value(form->items, item, doc);
        return;
      case Kind::kMap:
        for (const auto& [name, item] : spot.members()) value(form->items, item, doc);
        return;
      default:
        return;
    }
  }

  void object(const ObjectType& type, const Spot& spot) {
    const std::vector<std::string> names = field_names(type);
    for (const core::JsonMember& member : *spot.node->if_object()) {
      const auto field = std::find_if(type.fields.begin(), type.fields.end(),
                                      [&](const Field& one) { return one.name == member.name; });
      if (field == type.fields.end()) {
        add_at(member.place, spot.at(member.name).field,
               type.name == "step"
                   ? fmt::format("there is no step \"{}\"", member.name)
                   : fmt::format("there is no \"{}\" in {}", member.name, article(type.name)),
               core::did_you_mean(member.name, names, "there are: " + core::join(names, ", ")));
        continue;
      }
      value(field->forms, spot.at(member.name), field->doc);
    }
    for (const Field& field : type.fields) {
      if (!field.required || spot.at(field.name)) continue;
      add(spot, fmt::format("{} needs \"{}\"", article(type.name), field.name),
          std::string(field.doc));
    }
    if (!type.one_of.empty()) exactly_one(type, spot);
  }

  std::vector<Problem> take() { return std::move(problems_); }

 private:
  static std::string article(std::string_view name) {
    std::string text(name);
    std::replace(text.begin(), text.end(), '_', ' ');
    const bool vowel =
        std::string_view("aeioh").find(text[0]) != std::string_view::npos;  // an http
    return (vowel ? "an " : "a ") + text;
  }

  void exactly_one(const ObjectType& type, const Spot& spot) {
    std::vector<std::string> there;
    for (const std::string_view name : type.one_of) {
      if (spot.at(name)) there.emplace_back(name);
    }
    if (there.size() > 1) {
      add(spot.at(there[1]), fmt::format("{} and {} contradict each other", there[0], there[1]),
          type.name == "step" ? "a step does one thing: make two of it" : "give one of them");
    } else if (there.empty() && known_only(type, spot)) {
      add(spot,
          fmt::format("{} needs one of {}", article(type.name),
                      core::join(texts(type.one_of), ", ")),
          std::string(type.doc));
    }
  }

  /// False where an unknown field has been named already: most likely it is the missing one.
  static bool known_only(const ObjectType& type, const Spot& spot) {
    const std::vector<std::string> names = field_names(type);
    const auto& members = *spot.node->if_object();
    return std::all_of(members.begin(), members.end(), [&](const core::JsonMember& member) {
      return std::find(names.begin(), names.end(), member.name) != names.end();
    });
  }

  void word(const Form& form, const Spot& spot) {
    const std::string& given = *spot.node->if_text();
    const std::vector<std::string> words = texts(form.words);
    if (std::find(words.begin(), words.end(), given) != words.end()) return;
    add(spot, fmt::format("\"{}\" is not one of {}", given, core::join(words, ", ")),
        core::did_you_mean(given, words, "give one of these"));
  }

  void add(const Spot& spot, std::string what, std::string hint) {
    add_at(spot.node->place, spot.field, std::move(what), std::move(hint));
  }
  void add_at(core::Place place, std::string field, std::string what, std::string hint) {
    problems_.push_back({.where = core::to_text(file_, place),
                         .field = std::move(field),
                         .what = std::move(what),
                         .hint = std::move(hint)});
  }

  const std::string& file_;
  std::vector<Problem> problems_;
};

}  // namespace

Spot Spot::at(std::string_view name) const {
  return {.node = node->find(name),
          .field = field.empty() ? std::string(name) : fmt::format("{}.{}", field, name)};
}

std::vector<Spot> Spot::items() const {
  std::vector<Spot> spots;
  const auto& list = *node->if_list();
  for (std::size_t i = 0; i < list.size(); ++i) {
    spots.push_back({.node = &list[i], .field = fmt::format("{}[{}]", field, i)});
  }
  return spots;
}

std::vector<std::pair<std::string, Spot>> Spot::members() const {
  std::vector<std::pair<std::string, Spot>> spots;
  for (const core::JsonMember& member : *node->if_object()) {
    spots.emplace_back(member.name, at(member.name));
  }
  return spots;
}

std::vector<Problem> check_structure(const JsonNode& root, const std::string& file) {
  Walk walk(file);
  walk.value({{.kind = Kind::kObject, .object = "scenario"}}, {.node = &root, .field = ""},
             "a scenario is one object");
  return walk.take();
}

}  // namespace scalectl::load::scenario
