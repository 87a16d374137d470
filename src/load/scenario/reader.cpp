#include "load/scenario/reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "load/scenario/flow_facts.hpp"
#include "load/scenario/littles_law.hpp"
#include "load/scenario/reading.hpp"

namespace scalectl::load::scenario {
namespace {

void read_target(Reading& reading, const Spot& spot) {
  // Whatever is wrong with it is said once, not again for each URL.
  reading.target = net::parse_url("http://127.0.0.1");
  if (!spot && !reading.options.target) {
    reading.target.reset();
    return;
  }
  const std::string text =
      reading.options.target ? *reading.options.target : reading.constant(spot);
  const bool websocket = text.starts_with("ws:") || text.starts_with("wss:");
  const auto parse = [&] { return websocket ? net::parse_ws_url(text) : net::parse_url(text); };
  try {
    net::Url url = parse();
    if (url.target == "/") {
      reading.target = std::move(url);
      return;
    }
    throw core::usage_error(fmt::format("\"{}\" has a path", text),
                            "a target is a server; paths belong to the steps");
  } catch (const core::Error& error) {
    if (!reading.options.target) reading.refuse(spot, error.message(), error.hint());
    throw Problem{.where = "--target", .what = error.message(), .hint = error.hint()};
  }
}

/// Populations with weights share the scenario's load; the others have their own.
int load_of(Reading& reading, const Spot& spot, std::optional<int> shared) {
  const Spot own = spot.at("load");
  if (own && spot.at("weight")) {
    reading.refuse(spot.at("weight"), "weight and load contradict each other",
                   "weights share out the scenario's load");
  }
  if (own) return read_load(reading, own);
  if (!shared) {
    reading.refuse(spot, "a population without load",
                   "give it one, or the scenario one for all populations");
  }
  return *shared;
}

void read_population(Reading& reading, const Spot& spot, FlowReader& flows,
                     std::optional<int> shared, const std::set<std::string>& known) {
  Population made{.name = *spot.at("name").node->if_text()};
  auto& all = reading.scenario.populations;
  if (std::any_of(all.begin(), all.end(), [&](const auto& p) { return p.name == made.name; })) {
    reading.attempt([&] {
      reading.refuse(spot.at("name"), fmt::format("two populations are called \"{}\"", made.name),
                     "give each a name of its own");
    });
  }
  reading.attempt([&] {
    if (spot.at("weight")) made.weight = reading.positive_count(spot.at("weight"));
    made.load = load_of(reading, spot, shared);
  });
  made.variables = read_variables(reading, spot.at("variables"));
  made.feeders = read_feeder_uses(reading, spot.at("feeders"));
  made.flow = flows.read_all(spot.at("flow"));
  std::set<std::string> given = known;
  given.insert({"user", "iteration", "population"});
  reading.require_names(given);
  const FlowFacts facts = facts_of(made.flow);
  made.uses_http = facts.has_http;
  made.uses_websocket = facts.has_websocket;
  made.reads_messages = facts.has_expect;
  all.push_back(std::move(made));
}

/// A closed load without iterations goes through its flow until time is up.
void require_time(Reading& reading, const Spot& populations) {
  const std::vector<Spot> spots = populations.items();
  for (std::size_t i = 0; i < reading.scenario.populations.size(); ++i) {
    const Population& population = reading.scenario.populations[i];
    const Load& load = reading.scenario.loads[static_cast<std::size_t>(population.load)];
    if (load.is_open || load.iterations || takes_time(population.flow)) continue;
    reading.attempt([&] {
      reading.refuse(spots[i].at("flow"),
                     "a flow that may take no time at all: its users would go round without end",
                     "put a think or pace into it, or give the load \"iterations\"");
    });
  }
}

void read_flows(Reading& reading, const Spot& root) {
  FlowReader flows(reading);
  Scenario& scenario = reading.scenario;
  scenario.variables = read_variables(reading, root.at("variables"), reading.options.variables);
  std::set<std::string> known = reading.names.set;
  reading.require_names({});
  if (root.at("setup")) {
    scenario.setup = flows.read_all(root.at("setup"));
    std::set<std::string> set = reading.names.set;
    reading.require_names(known);
    known.merge(set);
  }
  std::optional<int> shared;
  if (root.at("load")) {
    // Without it nothing is said of the populations: they cannot be wrong by its mistakes.
    reading.attempt([&] { shared = read_load(reading, root.at("load")); });
    if (!shared) return;
  }
  const Spot populations = root.at("populations");
  if (populations.node->if_list()->empty()) {
    reading.refuse(populations, "no population", "give at least one");
  }
  for (const Spot& item : populations.items()) {
    reading.attempt([&] { read_population(reading, item, flows, shared, known); });
  }
  if (root.at("teardown")) {
    scenario.teardown = flows.read_all(root.at("teardown"));
    reading.require_names(known);
  }
  const auto& all = scenario.populations;
  if (shared && std::none_of(all.begin(), all.end(),
                             [&](const Population& p) { return p.load == *shared; })) {
    reading.refuse(root.at("load"), "a load that no population has",
                   "every population has its own: leave this one out");
  }
  if (!reading.problems.empty()) return;
  require_time(reading, populations);
  finish_feeders(reading, populations);
}

void read_root(Reading& reading, const Spot& root) {
  Scenario& scenario = reading.scenario;
  scenario.summary = *root.at("summary").node->if_text();
  if (const Spot notes = root.at("notes")) {
    for (const Spot& note : notes.items()) scenario.notes.push_back(*note.node->if_text());
  }
  reading.attempt([&] {
    if (root.at("seed")) scenario.seed = reading.whole(root.at("seed"));
    if (reading.options.seed) scenario.seed = *reading.options.seed;
  });
  reading.attempt([&] {
    if (root.at("drain")) scenario.drain = reading.duration(root.at("drain"));
  });
  reading.attempt([&] { read_target(reading, root.at("target")); });
  reading.rooms = root.at("rooms");
  read_feeders(reading, root.at("feeders"));
  const bool feeders_are_whole = reading.problems.empty();
  reading.attempt([&] { read_flows(reading, root); });
  // What a feeder with a mistake in it would have set is no mistake of those who use it.
  if (!feeders_are_whole) {
    std::erase_if(reading.problems, [](const Problem& problem) {
      return problem.what.starts_with("nothing sets") ||
             problem.what.starts_with("there is no feeder");
    });
  }
  read_thresholds(reading, root.at("thresholds"));
}

}  // namespace

Reviewed review_scenario(const Source& source, const ReadOptions& options) {
  core::JsonNode document;
  try {
    document = core::parse_json_document(source.text, source.file);
  } catch (const core::Error& error) {
    const std::string& message = error.message();
    const std::size_t end = message.find(": ");
    return {.problems = {{.where = message.substr(0, end),
                          .what = message.substr(end + 2),
                          .hint = error.hint()}}};
  }
  Reviewed reviewed{.problems = check_structure(document, source.file)};
  if (!reviewed.problems.empty()) return reviewed;
  Reading reading(source, options);
  reading.scenario.name = source.name;
  reading.scenario.file = source.file;
  read_root(reading, {.node = &document});
  if (!reading.problems.empty()) return {.problems = std::move(reading.problems)};
  add_littles_law(reading.scenario);
  return {.scenario = std::move(reading.scenario)};
}

Scenario read_scenario(const Source& source, const ReadOptions& options) {
  Reviewed reviewed = review_scenario(source, options);
  if (reviewed.scenario) return std::move(*reviewed.scenario);
  const Problem& first = reviewed.problems.front();
  throw core::usage_error(first.text(), first.hint);
}

}  // namespace scalectl::load::scenario
