// Crowd: what the users on one thread share: the loop, the recorder, their deadlines, and who is
// told when one of them is done.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "load/deadlines.hpp"
#include "load/preflight.hpp"
#include "load/recorder.hpp"
#include "load/scenario/scenario.hpp"
#include "load/stamp.hpp"
#include "net/http_parser.hpp"
#include "net/loop.hpp"
#include "net/transport.hpp"

namespace scalectl::load::scenario {

class User;

inline constexpr core::Nanos kGoodbye = 2 * core::kSecond;  ///< for a close frame to be answered

/// What a variable may hold, by its number.
using Values = std::vector<std::optional<Variable>>;

/// What all users of a run share; only the counters change while it runs.
struct FlowSetting {
  const Scenario& scenario;
  const std::vector<Entry>& entries;  ///< of Scenario::origins
  const std::vector<net::Address>& sources;
  Values values;  ///< what every user begins with
  std::uint64_t seed = 1;
  int threads = 1;
  Shard shard;
  std::uint32_t run = 0;         ///< 16 random bits: whose messages ours are
  bool keeps_values = false;     ///< of the last user, for whoever asks afterwards
  std::int64_t wall_offset = 0;  ///< from the monotonic clock to nanoseconds since 1970
  mutable std::atomic<std::uint64_t> sequence = 0;  ///< of ${sequence()}
  mutable std::atomic<std::uint32_t> speakers = 0;  ///< numbers given to WebSockets
};

/// The numbers of variables that users set by themselves; -1 where nobody asks for one.
struct Builtins {
  int user = -1;
  int iteration = -1;
  int population = -1;
  int status = -1;
  int body = -1;
  int message = -1;
};

/// How an iteration ended.
enum class IterationEnd {
  kOk,
  kFailed,  ///< a step did
  kBroken,  ///< a step did for want of an answer: the user had better rest before it tries again
  kUnfinished,
};

class Crowd {
 public:
  Crowd(const FlowSetting& its_setting, Recorder& its_recorder)
      : setting(its_setting),
        scenario(its_setting.scenario),
        recorder(its_recorder),
        builtins(builtins_of(its_setting.scenario.symbols)),
        by_step(its_setting.scenario.steps.size()) {}
  virtual ~Crowd() = default;
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  // --- What users ask for ---

  /// Wakes the user at `instant`.
  virtual void sleep(User& user, core::Nanos instant) = 0;
  /// Has User::on_deadline called at `instant`, unless it is unwatched before.
  virtual void watch(User& user, Deadlines& list, core::Nanos instant) = 0;
  /// The user's flow is at its end, or was ended.
  virtual void on_iteration_end(User& user, IterationEnd end, core::Nanos now) = 0;
  /// The user has said goodbye.
  virtual void on_left(User& user) = 0;
  /// The tally of `step` where it was due at `due`.
  virtual StepTally& tally_of(int load, int step, core::Nanos due) = 0;

  /// The bytes of a request that is the same each time; null for another.
  const std::string* wire_of(const HttpStep& step);
  /// The message of a step that says the same each time, with room for a stamp; null for another.
  StampedText* text_of(const SendStep& step);
  /// "there is no value for \"token\"".
  std::string without_value(int variable) const;
  /// The local address to connect from; null for any.
  const net::Address* next_source();

  const FlowSetting& setting;
  const Scenario& scenario;
  Recorder& recorder;
  const Builtins builtins;
  net::Loop loop;
  net::Traffic traffic;
  net::HttpLimits limits;
  std::vector<Deadlines> by_step;  ///< of steps under way: a step's deadlines come in order
  Deadlines leaving;               ///< of close frames that are to be answered

 private:
  static Builtins builtins_of(const Symbols& symbols);

  std::unordered_map<const HttpStep*, std::optional<std::string>> wires_;
  std::unordered_map<const SendStep*, std::optional<StampedText>> texts_;
  std::size_t source_ = 0;
};

}  // namespace scalectl::load::scenario
