#include "load/scenario/reading.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/json.hpp"
#include "core/parse.hpp"
#include "core/text.hpp"

namespace scalectl::load::scenario {
namespace {

/// What the engine sets by itself.
const std::set<std::string> kBuiltIn{"user",   "iteration", "population",
                                     "status", "body",      "message"};

void append(std::vector<Template::Piece>& pieces, Template::Piece piece) {
  auto* text = std::get_if<std::string>(&piece);
  if (text != nullptr && text->empty()) return;
  if (text != nullptr && !pieces.empty() && std::holds_alternative<std::string>(pieces.back())) {
    std::get<std::string>(pieces.back()) += *text;
  } else {
    pieces.push_back(std::move(piece));
  }
}

}  // namespace

Reading::Reading(const Source& its_source, const ReadOptions& its_options)
    : source(its_source), options(its_options) {}

void Reading::refuse(const Spot& spot, std::string what, std::string hint) const {
  throw Problem{.where = core::to_text(source.file, spot.node->place),
                .field = spot.field,
                .what = std::move(what),
                .hint = std::move(hint)};
}

std::string Reading::constant(const Spot& spot) const {
  Symbols nobody;
  std::vector<std::string> used;
  const Template text =
      at(spot, [&] { return parse_template(*spot.node->if_text(), nobody, used); });
  if (!text.is_constant()) {
    refuse(spot, "a value that changes with each use",
           "only ${NAME} of the environment may stand here");
  }
  return text.constant();
}

core::Nanos Reading::duration(const Spot& spot) const {
  core::Seconds seconds{};
  if (spot.node->if_text() != nullptr) {
    const std::string text = constant(spot);
    seconds = at(spot, [&] { return core::parse_duration(text); });
  } else {
    const double number = spot.node->value().number();
    seconds = at(spot, [&] { return core::parse_duration(fmt::format("{:f}", number)); });
  }
  return std::llround(seconds.count() * 1e9);
}

core::Nanos Reading::positive_duration(const Spot& spot) const {
  const core::Nanos length = duration(spot);
  if (length == 0) refuse(spot, "must be more than zero", "for example 5s");
  return length;
}

std::uint64_t Reading::count(const Spot& spot) const {
  const std::string text =
      spot.node->if_text() != nullptr ? constant(spot) : std::to_string(*spot.node->if_integer());
  return static_cast<std::uint64_t>(at(spot, [&] { return core::parse_count(text); }));
}

std::uint64_t Reading::positive_count(const Spot& spot) const {
  const std::uint64_t number = count(spot);
  if (number == 0) refuse(spot, "must be more than zero", "for example 10");
  return number;
}

std::uint64_t Reading::whole(const Spot& spot) const {
  const std::string text =
      spot.node->if_text() != nullptr ? constant(spot) : std::to_string(*spot.node->if_integer());
  const std::int64_t number = at(spot, [&] { return core::parse_integer(text); });
  if (number < 0) refuse(spot, fmt::format("{} is less than zero", number), "for example 1");
  return static_cast<std::uint64_t>(number);
}

Rate Reading::rate(const Spot& spot) const {
  const std::string text =
      spot.node->if_text() != nullptr ? constant(spot) : core::to_json(spot.node->value());
  if (text == "0" || text == "0/s") return {};
  return at(spot, [&] { return parse_rate(text); });
}

Template Reading::text(const Spot& spot, const std::string& text) {
  std::vector<std::string> used;
  Template parsed = at(spot, [&] { return parse_template(text, scenario.symbols, used); });
  for (const std::string& name : used) {
    if (!room_ || name != "room") names.used.emplace_back(name, spot);
  }
  if (!room_) return parsed;
  std::vector<Template::Piece> pieces;
  for (const Template::Piece& piece : parsed.pieces()) {
    const int* number = std::get_if<int>(&piece);
    if (number != nullptr && scenario.symbols.name(*number) == "room") {
      for (const Template::Piece& part : room_->pieces()) append(pieces, part);
    } else {
      append(pieces, piece);
    }
  }
  return Template(std::move(pieces));
}

Template Reading::json(const Spot& spot) {
  std::vector<Template::Piece> pieces;
  append_json(spot, pieces);
  return Template(std::move(pieces), Template::As::kJson);
}

Template Reading::value(const Spot& spot) {
  return spot.node->if_text() != nullptr ? text(spot) : json(spot);
}

void Reading::append_json(const Spot& spot, std::vector<Template::Piece>& pieces) {
  if (spot.node->if_text() != nullptr) {
    append(pieces, "\"");
    const Template filled = text(spot);
    for (const Template::Piece& piece : filled.pieces()) {
      if (const auto* plain = std::get_if<std::string>(&piece)) {
        std::string escaped;
        core::append_escaped(escaped, *plain);
        append(pieces, escaped);
      } else {
        append(pieces, piece);
      }
    }
    append(pieces, "\"");
  } else if (spot.node->if_list() != nullptr) {
    const char* before = "[";
    for (const Spot& item : spot.items()) {
      append(pieces, before);
      append_json(item, pieces);
      before = ",";
    }
    append(pieces, spot.node->if_list()->empty() ? "[]" : "]");
  } else if (spot.node->if_object() != nullptr) {
    const char* before = "{";
    for (const auto& [name, item] : spot.members()) {
      if (name.find("${") != std::string::npos) {
        refuse(item, "a name that changes with each use", "only values may hold ${…}");
      }
      append(pieces, before + core::to_json(name) + ":");
      append_json(item, pieces);
      before = ",";
    }
    append(pieces, spot.node->if_object()->empty() ? "{}" : "}");
  } else {
    append(pieces, core::to_json(spot.node->value()));
  }
}

Check Reading::check(const Spot& spot) {
  const bool named = spot.node->if_object() != nullptr;
  const Spot that = named ? spot.at("that") : spot;
  std::vector<std::string> used;
  Check made = at(that, [&] { return parse_check(*that.node->if_text(), scenario.symbols, used); });
  for (const std::string& name : used) names.used.emplace_back(name, that);
  if (named && spot.at("name")) made.name = *spot.at("name").node->if_text();
  made.id = check_id(made.name);
  return made;
}

std::vector<Check> Reading::checks(const Spot& spot) {
  std::vector<Check> made;
  if (!spot) return made;
  for (const Spot& item : spot.items()) attempt([&] { made.push_back(check(item)); });
  return made;
}

int Reading::set(const std::string& name, const Spot& spot) {
  if (!is_variable_name(name)) {
    refuse(
        spot, fmt::format("\"{}\" is no name for a variable", name),
        "it begins with a small letter or \"_\"; letters, digits, \"_\", \"-\" and \".\" follow");
  }
  if (kBuiltIn.count(name) != 0) {
    refuse(spot, fmt::format("\"{}\" is set by scalectl", name), "give it another name");
  }
  names.set.insert(name);
  return scenario.symbols.add(name);
}

void Reading::require_names(const std::set<std::string>& known) {
  std::vector<std::string> all(known.begin(), known.end());
  all.insert(all.end(), names.set.begin(), names.set.end());
  for (const auto& [name, spot] : names.used) {
    if (std::find(all.begin(), all.end(), name) != all.end()) continue;
    attempt([&, wanted = name, place = spot] {
      const bool is_function = wanted == "uuid" || wanted == "now" || wanted == "now_ms" ||
                               wanted == "sequence" || wanted == "random";
      refuse(place, fmt::format("nothing sets the variable \"{}\"", wanted),
             is_function ? fmt::format("a function has brackets: ${{{}()}}", wanted)
                         : core::did_you_mean(wanted, all, "there are: " + core::join(all, ", ")));
    });
  }
  names = {};
}

int Reading::check_id(const std::string& name) {
  auto& known = scenario.check_names;
  const auto found = std::find(known.begin(), known.end(), name);
  if (found != known.end()) return static_cast<int>(found - known.begin());
  known.push_back(name);
  return static_cast<int>(known.size()) - 1;
}

int Reading::origin(net::Url url) {
  url.target = "/";
  auto& origins = scenario.origins;
  const auto found = std::find_if(origins.begin(), origins.end(), [&](const Origin& known) {
    return known.url.text() == url.text();
  });
  if (found != origins.end()) return static_cast<int>(found - origins.begin());
  origins.push_back({.url = std::move(url)});
  return static_cast<int>(origins.size()) - 1;
}

}  // namespace scalectl::load::scenario
