// "load": how many users there are, and when.
#include <fmt/format.h>

#include <algorithm>

#include "core/text.hpp"
#include "load/scenario/reading.hpp"

namespace scalectl::load::scenario {
namespace {

constexpr std::uint64_t kUsualMaxUsers = 10'000;
constexpr std::uint64_t kMostUsers = 10'000'000;

/// Refuses a field that means nothing in a load of this kind.
void refuse_field(const Reading& reading, const Spot& spot, const char* field, const char* why) {
  if (spot.at(field)) reading.refuse(spot.at(field), why, fmt::format("leave \"{}\" out", field));
}

std::uint64_t users_of(const Reading& reading, const Spot& spot) {
  const std::uint64_t users = reading.count(spot);
  if (users > kMostUsers) {
    reading.refuse(spot, fmt::format("{} users are too many", core::grouped(users)),
                   "at most 10,000,000");
  }
  return users;
}

/// A stretch of a load: one of its stages, or all of a load without stages.
LoadStage read_stretch(Reading& reading, const Spot& spot) {
  LoadStage stage;
  if (spot.at("users")) {
    stage.users = users_of(reading, spot.at("users"));
    stage.name = fmt::format("{} users", stage.users);
  } else {
    stage.rate = reading.rate(spot.at("rate"));
    stage.name = stage.rate.is_zero() ? "0/s" : to_text(stage.rate);
  }
  if (spot.at("ramp")) stage.ramp = reading.duration(spot.at("ramp"));
  if (spot.at("for")) stage.hold = reading.duration(spot.at("for"));
  return stage;
}

/// Where a stage has no name of its own and another one has its name, a number follows.
void name_apart(LoadStage& stage, const std::vector<LoadStage>& before) {
  const std::string name = stage.name;
  const auto taken = [&] {
    return std::any_of(before.begin(), before.end(),
                       [&](const LoadStage& other) { return other.name == stage.name; });
  };
  for (int number = 2; taken(); ++number) stage.name = fmt::format("{} #{}", name, number);
}

void read_stages(Reading& reading, const Spot& spot, Load& load) {
  const std::vector<Spot> items = spot.items();
  if (items.empty()) reading.refuse(spot, "no stage", "give at least one");
  for (const Spot& item : items) {
    const bool is_open = static_cast<bool>(item.at("rate"));
    if (load.stages.empty()) {
      load.is_open = is_open;
    } else if (load.is_open != is_open) {
      reading.refuse(item.at(is_open ? "rate" : "users"),
                     "users and rates in one load contradict each other",
                     "a load is of so many users at once, or of so many arriving");
    }
    LoadStage stage = read_stretch(reading, item);
    if (item.at("name")) {
      stage.name = *item.at("name").node->if_text();
      const bool twice = std::any_of(load.stages.begin(), load.stages.end(),
                                     [&](const LoadStage& s) { return s.name == stage.name; });
      if (twice) {
        reading.refuse(item.at("name"), fmt::format("two stages are called \"{}\"", stage.name),
                       "give each a name of its own");
      }
    } else {
      name_apart(stage, load.stages);
    }
    if (stage.length() == 0) {
      reading.refuse(item, "a stage without length", "say how long with \"for\" or \"ramp\"");
    }
    load.stages.push_back(std::move(stage));
  }
}

void read_closed(Reading& reading, const Spot& spot, Load& load) {
  refuse_field(reading, spot, "max_users", "a closed load has as many users as it says");
  refuse_field(reading, spot, "connections", "a user of a closed load keeps its connections");
  if (spot.at("iterations")) {
    load.iterations = reading.positive_count(spot.at("iterations"));
    if (spot.at("users") && !spot.at("for")) load.stages[0].hold = LoadStage::kUntilDone;
  } else if (spot.at("users") && !spot.at("for")) {
    reading.refuse(spot, "a load without end",
                   "say how long with \"for\", or how often with \"iterations\"");
  }
  if (load.most_users() == 0) reading.refuse(spot, "a load without users", "for example 10");
}

void read_open(Reading& reading, const Spot& spot, Load& load) {
  refuse_field(reading, spot, "iterations", "a user who arrives goes through the flow once");
  std::vector<Stage> stages;
  for (const LoadStage& stage : load.stages) {
    stages.push_back({.duration = stage.ramp, .target = stage.rate});
    if (stage.hold > 0) stages.push_back({.duration = stage.hold, .target = stage.rate});
  }
  if (load.length() == 0) reading.refuse(spot, "a load without end", "say how long with \"for\"");
  load.arrivals = reading.at(spot, [&] { return Schedule::stages(stages); });
  load.max_users = kUsualMaxUsers;
  if (spot.at("max_users")) {
    load.max_users = users_of(reading, spot.at("max_users"));
    if (load.max_users == 0) reading.refuse(spot.at("max_users"), "must be more than zero", "");
  }
  const Spot connections = spot.at("connections");
  load.fresh_connections = !connections || *connections.node->if_text() == "fresh";
}

}  // namespace

int read_load(Reading& reading, const Spot& spot) {
  Load load;
  if (spot.at("stages")) {
    for (const char* field : {"ramp", "for"}) {
      refuse_field(reading, spot, field, "the stages say how long");
    }
    read_stages(reading, spot.at("stages"), load);
  } else {
    load.is_open = static_cast<bool>(spot.at("rate"));
    load.stages.push_back(read_stretch(reading, spot));
  }
  if (load.is_open) {
    read_open(reading, spot, load);
  } else {
    read_closed(reading, spot, load);
  }
  for (const LoadStage& stage : load.stages) {
    auto& names = reading.scenario.stage_names;
    if (std::find(names.begin(), names.end(), stage.name) == names.end()) {
      names.push_back(stage.name);
    }
  }
  reading.scenario.loads.push_back(std::move(load));
  return static_cast<int>(reading.scenario.loads.size()) - 1;
}

}  // namespace scalectl::load::scenario
