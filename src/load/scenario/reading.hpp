// Reading: what the parts of the reader have in common: the scenario that is being made, the
// problems found so far, the names that are set and used, and how values become what they stand
// for. Each part throws a Problem; attempt() keeps it and goes on with the next thing. For the
// sources of the reader only.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "load/scenario/problem.hpp"
#include "load/scenario/reader.hpp"
#include "load/scenario/scenario.hpp"

namespace scalectl::load::scenario {

/// The variables that a flow sets and uses.
struct Names {
  std::set<std::string> set;
  std::vector<std::pair<std::string, Spot>> used;
};

class Reading {
 public:
  Reading(const Source& source, const ReadOptions& options);

  const Source& source;
  const ReadOptions& options;
  Scenario scenario;
  std::vector<Problem> problems;
  std::optional<net::Url> target;  ///< of relative URLs
  Names names;                     ///< of what is being read now
  Spot rooms;                      ///< the scenario's "rooms"

  // --- problems ---

  [[noreturn]] void refuse(const Spot& spot, std::string what, std::string hint) const;
  /// Does `action`; keeps the Problem that it throws.
  template <typename Action>
  void attempt(const Action& action) {
    try {
      action();
    } catch (Problem& problem) {
      problems.push_back(std::move(problem));
    }
  }
  /// What `parse` gives; an Error of it becomes a Problem at `spot`.
  template <typename Parse>
  auto at(const Spot& spot, const Parse& parse) const {
    try {
      return parse();
    } catch (const core::Error& error) {
      refuse(spot, error.message(), error.hint());
    }
  }

  // --- values: each of a spot that is there ---

  /// A text with nothing but ${NAME} of the environment in it, filled in.
  std::string constant(const Spot& spot) const;
  core::Nanos duration(const Spot& spot) const;
  core::Nanos positive_duration(const Spot& spot) const;
  std::uint64_t count(const Spot& spot) const;
  std::uint64_t positive_count(const Spot& spot) const;
  std::uint64_t whole(const Spot& spot) const;
  Rate rate(const Spot& spot) const;  ///< may be 0

  Template text(const Spot& spot) { return text(spot, *spot.node->if_text()); }
  Template text(const Spot& spot, const std::string& text);
  /// The node as JSON, with ${…} in its texts.
  Template json(const Spot& spot);
  /// Text stays text, all else is JSON.
  Template value(const Spot& spot);
  Check check(const Spot& spot);
  std::vector<Check> checks(const Spot& spot);  ///< none where there is no such spot
  /// Reads `spot` with ${room} standing for `room`.
  template <typename Read>
  auto with_room(Template room, const Read& read) {
    struct Restore {
      std::optional<Template>& room;
      ~Restore() { room.reset(); }
    } restore{room_};
    room_ = std::move(room);
    return read();
  }

  // --- names ---

  /// The number of a variable that the scenario sets at `spot`.
  int set(const std::string& name, const Spot& spot);
  /// Reports each name in names.used that is neither in names.set nor in `known`, and forgets them.
  void require_names(const std::set<std::string>& known);
  int check_id(const std::string& name);

  /// The number of the server of `url`.
  int origin(net::Url url);

 private:
  void append_json(const Spot& spot, std::vector<Template::Piece>& pieces);

  std::optional<Template> room_;
};

// --- the parts, each in a file of its own ---

/// What "variables" sets; `overrides` come from the command line.
std::vector<std::pair<int, Template>> read_variables(
    Reading& reading, const Spot& spot,
    const std::vector<std::pair<std::string, std::string>>& overrides = {});
void read_feeders(Reading& reading, const Spot& spot);
std::vector<FeederUse> read_feeder_uses(Reading& reading, const Spot& spot);
/// Sees to it that unique feeders have enough rows, and that their columns know their variables.
void finish_feeders(Reading& reading, const Spot& populations);
/// Adds a load; its number.
int read_load(Reading& reading, const Spot& spot);

/// What a step does, and what it is called where the file does not say.
struct NamedAction {
  decltype(Step::action) action;
  std::string name;
};
/// Reads flows; the steps of one name become one.
class FlowReader {
 public:
  explicit FlowReader(Reading& reading) : reading_(reading) {}
  /// All that a user does.
  Flow read_all(const Spot& spot);

 private:
  struct Known {
    int id;
    std::string_view kind;
    std::set<std::string> tags;
  };
  Flow read(const Spot& spot);
  Step step(const Spot& spot);
  Step untagged(const Spot& spot);
  NamedAction action(std::string_view kind, const Spot& spot);
  LoopStep loop(const Spot& spot);
  ChooseStep choose(const Spot& spot);
  int step_id(const Spot& spot, std::string_view kind, const std::string& made_up);
  int tag_id(const std::string& tag);

  Reading& reading_;
  std::map<std::string, Known> known_;
  std::vector<std::string> tags_;  ///< of this step and those around it
  bool opens_socket_ = false;      ///< of the flow that is being read
  std::vector<Spot> needs_socket_;
};

NamedAction read_http(Reading& reading, const Spot& spot);
NamedAction read_connect(Reading& reading, const Spot& spot);
NamedAction read_send(Reading& reading, const Spot& spot);
NamedAction read_expect(Reading& reading, const Spot& spot);
NamedAction read_close(Reading& reading, const Spot& spot);
NamedAction read_join(Reading& reading, const Spot& spot);
std::vector<Extraction> read_extractions(Reading& reading, const Spot& spot);

void read_thresholds(Reading& reading, const Spot& spot);

}  // namespace scalectl::load::scenario
