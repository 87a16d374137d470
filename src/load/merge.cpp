#include "load/merge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "load/outcome.hpp"
#include "load/schedule.hpp"

namespace scalectl::load {
namespace {

using core::Object;
using core::usage_error;
using core::Value;

constexpr const char* kWhatToGive =
    "give files that scalectl load http --format json -o FILE wrote";

/// One shard's Result, read member by member; what is missing or odd is named with its file.
class Reader {
 public:
  Reader(const Value& value, const std::string& name) : value_(value), name_(name) {}

  const std::string& name() const { return name_; }
  const Value& at(const std::string& path) const {
    const Value* found = &value_;
    for (const std::string& key : core::split(path, '.')) {
      const Object* object = found->if_object();
      found = object == nullptr ? nullptr : object->find(key);
      if (found == nullptr) refuse("has no " + path);
    }
    return *found;
  }
  const Value* find(const std::string& path, const std::string& key) const {
    const Object* object = at(path).if_object();
    return object == nullptr ? nullptr : object->find(key);
  }
  std::uint64_t count(const std::string& path) const { return count_of(at(path), path); }
  std::uint64_t count_of(const Value& value, const std::string& path) const {
    const std::int64_t* number = value.if_integer();
    if (number == nullptr || *number < 0) refuse(path + " is no count");
    return static_cast<std::uint64_t>(*number);
  }
  double number(const std::string& path) const {
    const Value& value = at(path);
    if (!value.is_number()) refuse(path + " is no number");
    return value.number();
  }
  std::string text(const std::string& path) const {
    const std::string* text = at(path).if_text();
    if (text == nullptr) refuse(path + " is no text");
    return *text;
  }
  const Object& object(const std::string& path) const {
    const Object* object = at(path).if_object();
    if (object == nullptr) refuse(path + " is no object");
    return *object;
  }
  [[noreturn]] void refuse(const std::string& why) const {
    throw usage_error(fmt::format("{}: {}", name_, why), kWhatToGive);
  }

 private:
  const Value& value_;
  const std::string& name_;
};

void read_histogram(const Reader& reader, const char* key, core::Histogram& into) {
  const Value* found = reader.find("data.histograms", key);
  if (found == nullptr) return;
  try {
    into = core::Histogram::from_value(*found);
  } catch (const core::Error& error) {
    reader.refuse(fmt::format("data.histograms.{}: {}", key, error.message()));
  }
}

void read_failures(const Reader& reader, Tally& tally) {
  for (int i = 0; i < net::kFailureClasses; ++i) {
    const std::string name(net::name_of(static_cast<net::FailureClass>(i)));
    tally.failures[static_cast<std::size_t>(i)].count = reader.count("metrics.failures." + name);
    if (tally.failures[static_cast<std::size_t>(i)].count == 0) continue;
    const core::Array* rows = reader.at("tables.failures").if_array();
    if (rows == nullptr) reader.refuse("tables.failures is no list");
    for (const Value& row : *rows) {
      const Reader entry(row, reader.name());
      if (entry.text("class") != name) continue;
      tally.failures[static_cast<std::size_t>(i)].example = entry.text("example");
    }
  }
}

Tally read_tally(const Reader& reader) {
  Tally tally;
  Counts& c = tally.counts;
  c = {.scheduled = reader.count("metrics.requests.scheduled"),
       .missed = reader.count("metrics.requests.missed"),
       .sent = reader.count("metrics.requests.sent"),
       .ok = reader.count("metrics.requests.ok"),
       .http_error = reader.count("metrics.requests.http_error"),
       .transport_error = reader.count("metrics.requests.transport_error"),
       .timeout = reader.count("metrics.requests.timeout"),
       .unfinished = reader.count("metrics.requests.unfinished"),
       .redirects = reader.count("metrics.requests.redirects")};
  for (const auto& [status, count] : reader.object("metrics.statuses")) {
    tally.statuses[std::atoi(status.c_str())] =
        reader.count_of(count, "metrics.statuses." + status);
  }
  read_failures(reader, tally);
  Latencies& latencies = tally.latencies;
  read_histogram(reader, "response", latencies.response);
  read_histogram(reader, "service", latencies.service);
  read_histogram(reader, "send_lag", latencies.send_lag);
  read_histogram(reader, "connect", latencies.connect);
  read_histogram(reader, "tls", latencies.tls);
  read_histogram(reader, "first_byte", latencies.first_byte);
  tally.bytes_in = reader.count("metrics.bytes_in");
  tally.bytes_out = reader.count("metrics.bytes_out");
  tally.connections_opened = reader.count("metrics.connections.opened");
  tally.connections_failed = reader.count("metrics.connections.failed");
  return tally;
}

/// The shards of one run, added up.
class Merger {
 public:
  void add(const Value& value, const std::string& name) {
    const Reader reader(value, name);
    if (reader.text("command") != "load http") reader.refuse("is not a result of load http");
    check_plan(reader);
    const Tally tally = read_tally(reader);
    check_request_identities(tally);
    outcome_.tally.merge(tally);
    outcome_.open_model = reader.text("data.model") == "open";
    outcome_.elapsed_s = std::max(outcome_.elapsed_s, reader.number("elapsed_s"));
    Generator& generator = outcome_.generator;
    generator.cpu_ratio =
        std::max(generator.cpu_ratio, reader.number("metrics.generator.cpu_ratio"));
    generator.longest_gap =
        std::max(generator.longest_gap,
                 static_cast<core::Nanos>(reader.number("metrics.generator.longest_gap_ms") * 1e6));
    add_series(reader);
    ++results_;
  }

  core::Result result(const std::vector<Threshold>& thresholds) {
    if (results_ == 0) throw usage_error("there is nothing to merge", "name the shards' results");
    check_complete();
    for (auto& [second, row] : series_) outcome_.series.push_back(row);
    core::Result result{.command = "load merge", .name = name_, .params = params_};
    result.params.set("results", results_);
    report(outcome_, thresholds, result);
    return result;
  }

 private:
  /// Shards of one run have the same parameters, but for which shard they are.
  void check_plan(const Reader& reader) {
    Object params;
    std::string shard;
    for (const auto& [key, value] : reader.object("params")) {
      if (key == "shard" && value.if_text() != nullptr) {
        shard = *value.if_text();
      } else {
        params.set(key, value);
      }
    }
    if (results_ == 0) {
      name_ = reader.text("name");
      params_ = params;
    } else if (core::to_json(params) != core::to_json(params_)) {
      reader.refuse(fmt::format("is of another plan: {} and {}", core::to_json(params),
                                core::to_json(params_)));
    }
    if (shard.empty()) return;
    const Shard one = parse_shard(shard);
    if (!shards_.empty() && one.count != shards_.begin()->second) {
      reader.refuse(
          fmt::format("is shard {}, and others are of {}", shard, shards_.begin()->second));
    }
    if (!shards_.emplace(one.index, one.count).second) {
      reader.refuse(fmt::format("is shard {}, which is there already", shard));
    }
  }

  void check_complete() const {
    if (shards_.empty()) return;
    const std::uint64_t count = shards_.begin()->second;
    for (std::uint64_t i = 0; i < count; ++i) {
      if (shards_.count(i) > 0) continue;
      throw usage_error(fmt::format("shard {}/{} is missing", i, count),
                        "a merge is of the whole run, or it says nothing of it");
    }
    if (shards_.size() != static_cast<std::size_t>(results_)) {
      throw usage_error("some results are shards and some are not", "merge those of one run");
    }
  }

  void add_series(const Reader& reader) {
    const core::Array* rows = reader.at("data.series").if_array();
    if (rows == nullptr) reader.refuse("data.series is no list");
    for (const Value& value : *rows) {
      const Reader row(value, name_);
      SeriesRow& sum = series_[static_cast<std::int64_t>(row.count("t_s"))];
      sum.second = static_cast<std::int64_t>(row.count("t_s"));
      sum.sent += row.count("sent");
      sum.answered += row.count("answered");
      sum.errors += row.count("errors");
      sum.max = std::max(sum.max, static_cast<core::Nanos>(row.number("max_ms") * 1e6 + 0.5));
      // The percentiles of a second cannot be had from those of its parts.
    }
  }

  Outcome outcome_;
  std::map<std::int64_t, SeriesRow> series_;
  std::map<std::uint64_t, std::uint64_t> shards_;  // index, of how many
  std::string name_;
  Object params_;
  int results_ = 0;
};

Value parse(const std::string& text, const std::string& place) {
  try {
    return core::parse_json(text, place);
  } catch (const core::Error& error) {
    throw usage_error(error.message(), kWhatToGive);
  }
}

}  // namespace

core::Result merge(const std::vector<NamedText>& texts, const std::vector<Threshold>& thresholds) {
  Merger merger;
  for (const NamedText& file : texts) {
    int line = 0;
    for (const std::string& text : core::split(file.text, '\n')) {
      ++line;
      if (core::trim(text).empty()) continue;
      merger.add(parse(text, fmt::format("{}:{}", file.name, line)), file.name);
    }
  }
  return merger.result(thresholds);
}

}  // namespace scalectl::load
