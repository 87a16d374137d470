// "variables" and "feeders": what users are given.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/json.hpp"
#include "core/text.hpp"
#include "load/scenario/reading.hpp"

namespace scalectl::load::scenario {
namespace {

/// What --set gives: JSON that is no text where the file has such, else text.
Template overriding(Reading& reading, const Spot& spot, const std::string& text) {
  if (spot.node->if_text() == nullptr) {
    try {
      const core::Value value = core::parse_json(text, "");
      if (value.if_text() == nullptr) {
        return Template({core::to_json(value)}, Template::As::kJson);
      }
    } catch (const core::Error&) {
      // Text, then.
    }
  }
  std::vector<std::string> used;
  return reading.at(spot, [&] { return parse_template(text, reading.scenario.symbols, used); });
}

std::vector<std::string> feeder_names(const Scenario& scenario) {
  std::vector<std::string> names;
  for (const FeederData& feeder : scenario.feeders) names.push_back(feeder.name);
  return names;
}

FeederOrder order_of(const Spot& spot) {
  if (!spot) return FeederOrder::kCircular;
  const std::string& word = *spot.node->if_text();
  if (word == "unique") return FeederOrder::kUnique;
  return word == "shuffled" ? FeederOrder::kShuffled : FeederOrder::kCircular;
}

FeederData read_one(Reading& reading, const std::string& name, const Spot& spot) {
  if (!is_variable_name(name) || name.find('.') != std::string::npos) {
    reading.refuse(spot, fmt::format("\"{}\" is no name for a feeder", name),
                   "it begins with a small letter; letters, digits, \"_\" and \"-\" follow");
  }
  FeederData data;
  if (const Spot file = spot.at("file")) {
    const std::string path = reading.constant(file);
    const auto text = reading.source.data(path);
    if (!text) {
      reading.refuse(file, fmt::format("cannot read data file \"{}\"", path),
                     "its path is relative to the scenario's file");
    }
    data = reading.at(file, [&] { return read_feeder(path, *text); });
    data.file = path;
  } else {
    // Its errors know their places already.
    try {
      data = read_rows(*spot.at("rows").node, reading.source.file);
    } catch (const core::Error& error) {
      const std::string& message = error.message();
      const std::size_t end = message.find(": ");
      throw Problem{.where = message.substr(0, end),
                    .field = spot.at("rows").field,
                    .what = message.substr(end + 2),
                    .hint = error.hint()};
    }
    data.file = reading.source.file;
  }
  data.name = name;
  data.order = order_of(spot.at("order"));
  return data;
}

/// How many of the users of its load belong to the population.
std::uint64_t users_of(const Scenario& scenario, std::size_t population) {
  const int load = scenario.populations[population].load;
  const std::uint64_t users = scenario.loads[static_cast<std::size_t>(load)].all_users();
  std::uint64_t sum = 0;
  for (const Population& other : scenario.populations) {
    if (other.load == load) sum += other.weight;
  }
  const std::uint64_t blocks = users / sum;
  std::uint64_t own = blocks * scenario.populations[population].weight;
  for (std::uint64_t i = blocks * sum; i < users; ++i) {
    if (population_of(scenario, load, i) == static_cast<int>(population)) ++own;
  }
  return own;
}

/// How many rows the population draws from the feeder; nothing where that is not known.
std::optional<std::uint64_t> draws(const Scenario& scenario, std::size_t population,
                                   const FeederUse& use) {
  const Load& load =
      scenario.loads[static_cast<std::size_t>(scenario.populations[population].load)];
  const std::uint64_t users = users_of(scenario, population);
  if (!use.each_iteration || load.is_open) return users;
  if (!load.iterations) return std::nullopt;
  return users * *load.iterations;
}

}  // namespace

std::vector<std::pair<int, Template>> read_variables(
    Reading& reading, const Spot& spot,
    const std::vector<std::pair<std::string, std::string>>& overrides) {
  std::vector<std::pair<int, Template>> made;
  std::vector<std::string> names;
  if (spot) {
    for (const auto& [name, value] : spot.members()) {
      names.push_back(name);
      const auto given = std::find_if(overrides.rbegin(), overrides.rend(),
                                      [&, &its = name](const auto& o) { return o.first == its; });
      reading.attempt([&, &its = name, &node = value] {
        const int number = reading.set(its, node);
        made.emplace_back(number, given == overrides.rend()
                                      ? reading.value(node)
                                      : overriding(reading, node, given->second));
      });
    }
  }
  for (const auto& [name, value] : overrides) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    reading.problems.push_back(
        {.where = "--set " + name,
         .what = "the scenario has no variable of that name",
         .hint = core::did_you_mean(name, names,
                                    names.empty() ? "it has no variables at all"
                                                  : "there are: " + core::join(names, ", "))});
  }
  return made;
}

void read_feeders(Reading& reading, const Spot& spot) {
  if (!spot) return;
  for (const auto& [name, feeder] : spot.members()) {
    reading.attempt([&, &its = name, &node = feeder] {
      reading.scenario.feeders.push_back(read_one(reading, its, node));
    });
  }
}

std::vector<FeederUse> read_feeder_uses(Reading& reading, const Spot& spot) {
  std::vector<FeederUse> uses;
  if (!spot) return uses;
  const std::vector<std::string> known = feeder_names(reading.scenario);
  for (const Spot& item : spot.items()) {
    reading.attempt([&] {
      const bool plain = item.node->if_text() != nullptr;
      const Spot name_spot = plain ? item : item.at("feeder");
      const std::string& name = *name_spot.node->if_text();
      const auto found = std::find(known.begin(), known.end(), name);
      if (found == known.end()) {
        reading.refuse(name_spot, fmt::format("there is no feeder \"{}\"", name),
                       core::did_you_mean(name, known,
                                          known.empty() ? "the scenario has no \"feeders\""
                                                        : "there are: " + core::join(known, ", ")));
      }
      const int feeder = static_cast<int>(found - known.begin());
      if (std::any_of(uses.begin(), uses.end(),
                      [&](const FeederUse& use) { return use.feeder == feeder; })) {
        reading.refuse(name_spot, fmt::format("feeder \"{}\" is there twice", name),
                       "once is enough");
      }
      const Spot each = plain ? Spot{} : item.at("each");
      uses.push_back(
          {.feeder = feeder, .each_iteration = each && *each.node->if_text() == "iteration"});
      const FeederData& data = reading.scenario.feeders[static_cast<std::size_t>(feeder)];
      for (const std::string& column : data.columns) {
        reading.names.set.insert(name + "." + column);
      }
    });
  }
  return uses;
}

void finish_feeders(Reading& reading, const Spot& populations) {
  Scenario& scenario = reading.scenario;
  std::vector<std::uint64_t> drawn(scenario.feeders.size(), 0);
  const std::vector<Spot> spots = populations.items();
  for (std::size_t i = 0; i < scenario.populations.size(); ++i) {
    for (FeederUse& use : scenario.populations[i].feeders) {
      const auto index = static_cast<std::size_t>(use.feeder);
      const FeederData& data = scenario.feeders[index];
      for (const std::string& column : data.columns) {
        use.variables.push_back(scenario.symbols.find(data.name + "." + column).value_or(-1));
      }
      if (data.order != FeederOrder::kUnique) continue;
      const auto wanted = draws(scenario, i, use);
      if (!wanted) continue;
      drawn[index] += *wanted;
      if (drawn[index] <= data.rows.size()) continue;
      reading.attempt([&] {
        reading.refuse(spots[i].at("feeders"),
                       fmt::format("feeder \"{}\" has {} rows, each given once, and {} are wanted",
                                   data.name, core::grouped(std::uint64_t{data.rows.size()}),
                                   core::grouped(drawn[index])),
                       "give it more rows, or the order circular or shuffled");
      });
    }
  }
}

}  // namespace scalectl::load::scenario
