// "thresholds": what must hold, of which steps and when.
#include <fmt/format.h>

#include <algorithm>

#include "core/parse.hpp"
#include "core/text.hpp"
#include "load/scenario/reading.hpp"
#include "load/scenario/slice.hpp"

namespace scalectl::load::scenario {
namespace {

/// The number of the name that `spot` gives; `what` says what is looked for.
int find(const Reading& reading, const Spot& spot, const std::vector<std::string>& known,
         const char* what) {
  const std::string& name = *spot.node->if_text();
  const auto found = std::find(known.begin(), known.end(), name);
  if (found != known.end()) return static_cast<int>(found - known.begin());
  const std::string all = known.empty() ? fmt::format("the scenario has no {}s", what)
                                        : "there are: \"" + core::join(known, "\", \"") + "\"";
  reading.refuse(spot, fmt::format("there is no {} \"{}\"", what, name),
                 core::did_you_mean(name, known, all));
}

/// Steps that have no latencies and no requests have nothing to hold.
std::vector<std::string> timed_steps(const Scenario& scenario) {
  std::vector<std::string> names;
  for (const StepInfo& step : scenario.steps) {
    if (step.timed) names.push_back(step.name);
  }
  return names;
}

std::optional<core::Nanos> whole_seconds(const Reading& reading, const Spot& spot) {
  if (!spot) return std::nullopt;
  const core::Nanos length = reading.duration(spot);
  if (length % core::kSecond != 0) {
    reading.refuse(spot, "not a whole number of seconds", "what is measured is kept by seconds");
  }
  return length;
}

std::string shown(core::Nanos length) {
  return core::format_duration(core::Seconds(core::to_seconds(length)));
}

std::string text_of(const Scenario& scenario, const ScenarioThreshold& made) {
  const auto name = [](const std::vector<std::string>& names, int number) {
    return names[static_cast<std::size_t>(number)];
  };
  std::vector<std::string> of;
  if (made.step) of.push_back(scenario.steps[static_cast<std::size_t>(*made.step)].name);
  if (made.tag) of.push_back("#" + name(scenario.tags, *made.tag));
  if (made.stage) of.push_back("stage " + name(scenario.stage_names, *made.stage));
  std::string text = of.empty() ? "" : core::join(of, ", ") + ": ";
  text += made.threshold.text;
  if (made.from) text += " from " + shown(*made.from);
  if (made.to) text += " to " + shown(*made.to);
  if (made.window) text += " in each " + shown(*made.window);
  return text;
}

/// `names_are_known`: steps, tags and stages have all been read.
ScenarioThreshold read_one(const Reading& reading, const Spot& spot, bool names_are_known) {
  const Scenario& scenario = reading.scenario;
  ScenarioThreshold made;
  const bool plain = spot.node->if_text() != nullptr;
  const Spot expression = plain ? spot : spot.at("threshold");
  const std::string text = reading.constant(expression);
  made.threshold = reading.at(expression, [&] { return parse_threshold(text); });
  if (!plain && names_are_known) {
    if (const Spot step = spot.at("step")) {
      const int timed = find(reading, step, timed_steps(scenario), "timed step");
      const std::string name = timed_steps(scenario)[static_cast<std::size_t>(timed)];
      const auto found = std::find_if(scenario.steps.begin(), scenario.steps.end(),
                                      [&](const StepInfo& info) { return info.name == name; });
      made.step = static_cast<int>(found - scenario.steps.begin());
    }
    if (spot.at("tag")) made.tag = find(reading, spot.at("tag"), scenario.tags, "tag");
    if (spot.at("stage")) {
      made.stage = find(reading, spot.at("stage"), scenario.stage_names, "stage");
    }
  }
  const std::string_view metric = made.threshold.metric->name;
  if (!plain && (spot.at("step") || spot.at("tag")) && !is_known_by_step(*made.threshold.metric)) {
    reading.refuse(expression, fmt::format("\"{}\" is not measured of steps", metric),
                   "response, error_rate, throughput and counts of requests are; leave out step "
                   "and tag for the rest");
  }
  if (!plain) {
    made.from = whole_seconds(reading, spot.at("from"));
    made.to = whole_seconds(reading, spot.at("to"));
    made.window = whole_seconds(reading, spot.at("window"));
    if (made.to && *made.to <= made.from.value_or(0)) {
      reading.refuse(spot.at("to"), "it is not after the beginning", "\"from\" comes first");
    }
    if (made.window && *made.window == 0) {
      reading.refuse(spot.at("window"), "must be more than zero", "for example 10s");
    }
  }
  made.text = text_of(scenario, made);
  return made;
}

}  // namespace

void read_thresholds(Reading& reading, const Spot& spot) {
  if (!spot) return;
  const bool whole = reading.problems.empty();
  for (const Spot& item : spot.items()) {
    reading.attempt([&] { reading.scenario.thresholds.push_back(read_one(reading, item, whole)); });
  }
}

}  // namespace scalectl::load::scenario
