// Scenario: users who do several things in a row, as a file of scenarios/load/ describes them. Pure
// data, checked and resolved: names of variables and steps have become numbers, texts templates.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/monotonic.hpp"
#include "load/scenario/condition.hpp"
#include "load/scenario/extraction.hpp"
#include "load/scenario/feeder.hpp"
#include "load/scenario/template.hpp"
#include "load/schedule.hpp"
#include "load/threshold.hpp"
#include "net/url.hpp"

namespace scalectl::load::scenario {

struct Step;
using Flow = std::vector<Step>;

/// A server that the scenario talks to: scheme, host and port; the target of its url is "/".
struct Origin {
  net::Url url;
};

/// Which statuses are as expected: 200 to 200, 400 to 499.
struct StatusRange {
  int first = 0;
  int last = 0;
};

struct HttpStep {
  std::string method = "GET";
  int origin = 0;
  Template target;                ///< path and query; where it begins with ${…}, a value decides
                                  ///< whether it begins with "/"
  std::vector<Template> headers;  ///< "Name: value"
  std::optional<Template> body;
  std::vector<StatusRange> expect;  ///< empty: anything below 400
  std::vector<Extraction> extract;
  std::vector<Check> checks;
  core::Nanos timeout = 30 * core::kSecond;
  int follow = 0;  ///< redirects, on the same server
};

/// Opens the user's WebSocket; one that is open is closed first.
struct ConnectStep {
  int origin = 0;
  Template target;
  std::vector<Template> headers;
  std::vector<std::string> protocols;
  core::Nanos timeout = 10 * core::kSecond;
};

/// Says something over the user's WebSocket.
struct SendStep {
  Template message;
  bool stamp = true;  ///< sender, number and instant go along, so that whoever hears it can time it
};

enum class From { kAnyone, kSelf, kOthers };

/// Waits for messages. Those that came since the last expect, or since the WebSocket was opened,
/// count.
struct ExpectStep {
  int count = 1;
  core::Nanos within = 5 * core::kSecond;
  From from = From::kAnyone;        ///< by the messages' stamps
  std::vector<Check> where;         ///< a message that does not meet these is passed over
  std::vector<Extraction> extract;  ///< of the last one
  std::vector<Check> checks;        ///< on what was extracted
};

struct CloseStep {
  int code = 1000;
  std::string reason;
};

/// Enters a room and leaves the one the user is in: over a WebSocket for each room, or by a message
/// over the one that is open.
struct JoinStep {
  std::variant<ConnectStep, SendStep> by;
};

/// How long to do nothing.
struct ThinkStep {
  enum class Kind { kUniform, kExponential } kind = Kind::kUniform;
  core::Nanos least = 0;  ///< of kUniform
  core::Nanos most = 0;
  core::Nanos mean = 0;  ///< of kExponential

  /// The length that random bits stand for.
  core::Nanos length(std::uint64_t bits) const;
};

/// Waits until `interval` has passed since the last pace of the iteration, or its beginning.
struct PaceStep {
  core::Nanos interval = 0;
};

/// Ends with the first limit that is reached; it has one at least.
struct LoopStep {
  std::optional<std::uint64_t> times;
  std::optional<core::Nanos> length;  ///< no round begins later than this
  std::vector<Check> while_true;      ///< looked at before each round
  Flow body;
};

/// One of several flows: by weights at random, or the first whose conditions hold.
struct ChooseStep {
  struct Branch {
    std::uint64_t weight = 0;  ///< 0 throughout where the branches have conditions
    std::vector<Check> when;   ///< empty in the last one: else
    Flow flow;
  };
  std::vector<Branch> branches;
  std::uint64_t weight_sum = 0;  ///< 0: by conditions
};

struct SetStep {
  std::vector<std::pair<int, Template>> variables;  ///< in this order
};

struct CheckStep {
  std::vector<Check> checks;
};

struct Step {
  int id = 0;  ///< into Scenario::steps
  std::variant<HttpStep, ConnectStep, SendStep, ExpectStep, CloseStep, JoinStep, ThinkStep,
               PaceStep, LoopStep, ChooseStep, SetStep, CheckStep>
      action;
};

/// What is known of a step beside what it does.
struct StepInfo {
  std::string name;       ///< of the scenario's own, or made up: "GET /api/health"
  std::vector<int> tags;  ///< into Scenario::tags
  bool timed = false;     ///< http, connect, expect and join: has latencies
  int line = 0;           ///< in the scenario's file
};

/// A stretch of a load: goes in a straight line to `target` over `ramp`, then stays there for
/// `hold`. Of users (closed) or of users arriving (open).
struct LoadStage {
  /// The hold of a stage that its users' iterations end: 100 years.
  static constexpr core::Nanos kUntilDone = core::Nanos{100} * 365 * 86400 * core::kSecond;

  std::string name;  ///< "100 users" where the scenario gives none
  core::Nanos ramp = 0;
  core::Nanos hold = 0;
  std::uint64_t users = 0;  ///< closed
  Rate rate;                ///< open

  core::Nanos length() const { return ramp + hold; }
};

/// How many users there are, and when.
struct Load {
  bool is_open = false;  ///< users arrive, whatever became of those before them
  std::vector<LoadStage> stages;
  std::optional<std::uint64_t> iterations;  ///< closed: of each user; then it leaves
  std::optional<Schedule> arrivals;         ///< open
  std::uint64_t max_users = 0;              ///< open: at once; arrivals beyond are missed
  bool fresh_connections = true;            ///< open: each user opens its own

  core::Nanos length() const;
  /// The greatest number of users at once.
  std::uint64_t most_users() const;
  /// How many users there will be in all: of a closed load the most at once, of an open one its
  /// arrivals.
  std::uint64_t all_users() const;
};

struct FeederUse {
  int feeder = 0;               ///< into Scenario::feeders
  std::vector<int> variables;   ///< the number of each column's variable; -1 where nobody uses it
  bool each_iteration = false;  ///< a row for each iteration, not for each user
};

struct Population {
  std::string name;
  int load = 0;                                     ///< into Scenario::loads
  std::uint64_t weight = 1;                         ///< among the populations of the same load
  std::vector<std::pair<int, Template>> variables;  ///< set when a user begins
  std::vector<FeederUse> feeders;
  Flow flow;
  bool uses_http = false;
  bool uses_websocket = false;
  bool reads_messages = false;  ///< it has an expect: messages are kept for it
};

/// Where and when a threshold is held: of everything where nothing is named.
struct ScenarioThreshold {
  Threshold threshold;
  std::optional<int> step;   ///< into Scenario::steps
  std::optional<int> tag;    ///< into Scenario::tags
  std::optional<int> stage;  ///< into stage_names
  /// Only this part of the run (of the stage, where one is named), in whole seconds.
  std::optional<core::Nanos> from;
  std::optional<core::Nanos> to;
  /// It must hold in each whole window of this length, in whole seconds.
  std::optional<core::Nanos> window;
  std::string text;  ///< for people: "join: response.p95<50ms in each 10s"
};

struct Scenario {
  std::string name;
  std::string summary;
  std::vector<std::string> notes;
  std::string file;  ///< for messages
  std::uint64_t seed = 1;

  Symbols symbols;
  std::vector<Origin> origins;  ///< none for a scenario without http and WebSocket
  std::vector<FeederData> feeders;
  std::vector<std::pair<int, Template>> variables;  ///< before setup, in this order
  std::vector<StepInfo> steps;
  std::vector<std::string> tags;
  std::vector<std::string> stage_names;  ///< of all loads, each once; as LoadStage::name
  std::vector<std::string> check_names;  ///< of all checks; Check::id is an index into it

  Flow setup;
  Flow teardown;
  std::vector<Load> loads;
  std::vector<Population> populations;
  std::vector<ScenarioThreshold> thresholds;
  core::Nanos drain = 5 * core::kSecond;  ///< for what is under way at the end
};

/// Which population user or arrival `index` of load `load` belongs to: of every block of as many as
/// the weights add up to (in lowest terms), each population gets exactly its weight, in an order
/// that the seed shuffles. A pure function.
int population_of(const Scenario& scenario, int load, std::uint64_t index);

}  // namespace scalectl::load::scenario
