// Flows: the steps that steer, and what all steps have in common: names and tags.
#include <fmt/format.h>

#include <algorithm>

#include "core/text.hpp"
#include "load/scenario/flow_facts.hpp"
#include "load/scenario/grammar.hpp"
#include "load/scenario/reading.hpp"

namespace scalectl::load::scenario {
namespace {

NamedAction read_think(Reading& reading, const Spot& spot) {
  ThinkStep made;
  if (spot.node->if_object() == nullptr) {
    made.least = made.most = reading.duration(spot);
  } else if (spot.at("mean")) {
    for (const char* field : {"from", "to"}) {
      if (spot.at(field)) {
        reading.refuse(spot.at(field), fmt::format("mean and {} contradict each other", field),
                       "give from and to, or mean");
      }
    }
    made.kind = ThinkStep::Kind::kExponential;
    made.mean = reading.positive_duration(spot.at("mean"));
  } else {
    if (!spot.at("from") || !spot.at("to")) {
      reading.refuse(spot, "how long is not said", "give from and to, or mean");
    }
    made.least = reading.duration(spot.at("from"));
    made.most = reading.duration(spot.at("to"));
    if (made.least > made.most) {
      reading.refuse(spot.at("to"), "it is shorter than \"from\"", "the shorter one comes first");
    }
  }
  return {.action = made, .name = "think"};
}

NamedAction read_set(Reading& reading, const Spot& spot) {
  SetStep made;
  for (const auto& [name, value] : spot.members()) {
    reading.attempt([&, &its = name, &node = value] {
      const int number = reading.set(its, node);
      made.variables.emplace_back(number, reading.value(node));
    });
  }
  return {.action = std::move(made), .name = "set"};
}

constexpr const char* kTimeless = "put a think or pace into it, or say how often with \"times\"";

}  // namespace

Flow FlowReader::read_all(const Spot& spot) {
  opens_socket_ = false;
  needs_socket_.clear();
  Flow flow = read(spot);
  if (!opens_socket_ && !needs_socket_.empty()) {
    reading_.attempt([&] {
      reading_.refuse(needs_socket_.front(), "no step of this flow opens a WebSocket",
                      "connect or join comes before it");
    });
  }
  return flow;
}

Flow FlowReader::read(const Spot& spot) {
  Flow flow;
  const std::vector<Spot> items = spot.items();
  if (items.empty()) {
    reading_.attempt([&] { reading_.refuse(spot, "no step", "give at least one"); });
  }
  for (const Spot& item : items) {
    reading_.attempt([&] { flow.push_back(step(item)); });
  }
  return flow;
}

Step FlowReader::step(const Spot& spot) {
  const std::size_t tags_before = tags_.size();
  if (const Spot tags = spot.at("tags")) {
    for (const Spot& tag : tags.items()) tags_.push_back(*tag.node->if_text());
  }
  Step made;
  try {
    made = untagged(spot);
  } catch (...) {
    tags_.resize(tags_before);
    throw;
  }
  tags_.resize(tags_before);
  return made;
}

Step FlowReader::untagged(const Spot& spot) {
  const auto& kinds = object_type("step").one_of;
  const auto kind =
      std::find_if(kinds.begin(), kinds.end(), [&](std::string_view one) { return spot.at(one); });
  const Spot value = spot.at(*kind);
  NamedAction made = action(*kind, value);
  if (std::holds_alternative<ConnectStep>(made.action)) opens_socket_ = true;
  const auto* join = std::get_if<JoinStep>(&made.action);
  const bool by_message = join != nullptr && std::holds_alternative<SendStep>(join->by);
  if (join != nullptr && !by_message) opens_socket_ = true;
  if (by_message || *kind == "send" || *kind == "expect" || *kind == "close") {
    needs_socket_.push_back(value);
  }
  return {.id = step_id(spot, *kind, made.name), .action = std::move(made.action)};
}

NamedAction FlowReader::action(std::string_view kind, const Spot& spot) {
  if (kind == "http") return read_http(reading_, spot);
  if (kind == "connect") return read_connect(reading_, spot);
  if (kind == "send") return read_send(reading_, spot);
  if (kind == "expect") return read_expect(reading_, spot);
  if (kind == "close") return read_close(reading_, spot);
  if (kind == "join") return read_join(reading_, spot);
  if (kind == "think") return read_think(reading_, spot);
  if (kind == "pace") {
    return {.action = PaceStep{.interval = reading_.positive_duration(spot)}, .name = "pace"};
  }
  if (kind == "loop") return {.action = loop(spot), .name = "loop"};
  if (kind == "choose") return {.action = choose(spot), .name = "choose"};
  if (kind == "set") return read_set(reading_, spot);
  return {.action = CheckStep{.checks = reading_.checks(spot)}, .name = "check"};
}

LoopStep FlowReader::loop(const Spot& spot) {
  LoopStep made;
  if (spot.at("times")) made.times = reading_.positive_count(spot.at("times"));
  if (spot.at("for")) made.length = reading_.positive_duration(spot.at("for"));
  made.while_true = reading_.checks(spot.at("while"));
  made.body = read(spot.at("do"));
  if (!made.times && !made.length && !spot.at("while")) {
    reading_.refuse(spot, "a loop without end",
                    "say how long with \"times\", \"for\" or \"while\"");
  }
  const bool fixed =
      std::all_of(made.while_true.begin(), made.while_true.end(),
                  [](const Check& c) { return c.left.is_constant() && c.right.is_constant(); });
  if (!made.times && !made.length && fixed) {
    reading_.refuse(spot.at("while"), "a loop without end: nothing can change its condition",
                    "compare a variable, or add \"times\" or \"for\"");
  }
  if (!made.times && !made.body.empty() && !takes_time(made.body)) {
    reading_.refuse(spot, "a loop whose rounds may take no time at all: it could be without end",
                    kTimeless);
  }
  return made;
}

ChooseStep FlowReader::choose(const Spot& spot) {
  ChooseStep made;
  const std::vector<Spot> items = spot.items();
  if (items.empty()) reading_.refuse(spot, "no branch", "give at least one");
  const auto weighted = [](const Spot& item) { return static_cast<bool>(item.at("weight")); };
  const bool by_weight = std::any_of(items.begin(), items.end(), weighted);
  for (const Spot& item : items) {
    ChooseStep::Branch branch;
    if (by_weight && !weighted(item)) {
      reading_.refuse(item, "a branch without weight, though another has one",
                      "give all of them weights, or none");
    }
    for (const char* other : {"when", "else"}) {
      if (!by_weight || !item.at(other)) continue;
      reading_.refuse(item.at(other), fmt::format("weight and {} contradict each other", other),
                      "branches are chosen by weights, or by conditions");
    }
    if (by_weight) {
      branch.weight = reading_.positive_count(item.at("weight"));
      made.weight_sum += branch.weight;
    } else if (item.at("when") && item.at("else")) {
      reading_.refuse(item.at("else"), "when and else contradict each other", "give one of them");
    } else if (item.at("when")) {
      branch.when = reading_.checks(item.at("when"));
      if (item.at("when").node->if_list()->empty()) {
        reading_.refuse(item.at("when"), "no condition", "a branch without \"when\" is the last");
      }
    } else if (item.node != items.back().node) {
      reading_.refuse(item, "a branch without conditions that is not the last",
                      "no branch after it would ever be taken");
    }
    branch.flow = read(item.at("do"));
    made.branches.push_back(std::move(branch));
  }
  return made;
}

int FlowReader::step_id(const Spot& spot, std::string_view kind, const std::string& made_up) {
  Scenario& scenario = reading_.scenario;
  const Spot name_spot = spot.at("name");
  const std::string& name = name_spot ? *name_spot.node->if_text() : made_up;
  const std::set<std::string> tags(tags_.begin(), tags_.end());
  const auto known = known_.find(name);
  if (known != known_.end()) {
    const Known& other = known->second;
    const std::string hint = fmt::format("line {} has the other; give one of them another \"name\"",
                                         scenario.steps[static_cast<std::size_t>(other.id)].line);
    const Spot& place = name_spot ? name_spot : spot;
    if (other.kind != kind) {
      reading_.refuse(
          place, fmt::format("a {} and a {} are both called \"{}\"", other.kind, kind, name), hint);
    }
    if (other.tags != tags) {
      reading_.refuse(place, fmt::format("two steps called \"{}\" have different tags", name),
                      hint);
    }
    return other.id;
  }
  constexpr std::string_view kTimed[] = {"http", "connect", "expect", "join"};
  StepInfo info{.name = name, .line = spot.node->place.line};
  info.timed = std::find(std::begin(kTimed), std::end(kTimed), kind) != std::end(kTimed);
  for (const std::string& tag : tags) info.tags.push_back(tag_id(tag));
  scenario.steps.push_back(std::move(info));
  const int id = static_cast<int>(scenario.steps.size()) - 1;
  known_.emplace(name, Known{.id = id, .kind = kind, .tags = tags});
  return id;
}

int FlowReader::tag_id(const std::string& tag) {
  auto& tags = reading_.scenario.tags;
  const auto found = std::find(tags.begin(), tags.end(), tag);
  if (found != tags.end()) return static_cast<int>(found - tags.begin());
  tags.push_back(tag);
  return static_cast<int>(tags.size()) - 1;
}

}  // namespace scalectl::load::scenario
