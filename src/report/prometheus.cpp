#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "report/formats.hpp"
#include "report/show.hpp"

namespace scalectl::report {
namespace {

using core::Result;
using core::Value;
using core::Verdict;

/// A metric family: its samples must stand together under one TYPE line.
struct Family {
  std::string name;
  std::string help;
  std::vector<std::pair<std::string, double>> samples;  // labels, value
};

std::string metric_name(const std::string& text) {
  std::string name;
  for (const char c : text) {
    name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  }
  return name;
}

/// The naming rules of Prometheus ask for base units, spelt out.
std::string with_unit(std::string key, double& value) {
  const auto ends_with = [&](std::string_view suffix) {
    return key.size() > suffix.size() && key.substr(key.size() - suffix.size()) == suffix;
  };
  if (ends_with("_ms")) {
    value /= 1000;
    return key.substr(0, key.size() - 3) + "_seconds";
  }
  if (ends_with("_s")) return key.substr(0, key.size() - 2) + "_seconds";
  return key;
}

std::string label_value(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

/// Texts among the parameters are labels; numbers would make a new series with every run.
std::string labels_of(const Result& result) {
  std::string labels = fmt::format("name=\"{}\"", label_value(result.name));
  for (const auto& [key, value] : result.params) {
    if (const auto* text = value.if_text()) {
      labels += fmt::format(",{}=\"{}\"", metric_name(key), label_value(*text));
    }
  }
  return labels;
}

class Exposition {
 public:
  void add(const Result& result, const std::string& key, double value, const std::string& help) {
    const std::string name =
        "scalectl_" + metric_name(result.command) + "_" + with_unit(metric_name(key), value);
    auto family = std::find_if(families_.begin(), families_.end(),
                               [&](const Family& f) { return f.name == name; });
    if (family == families_.end()) {
      families_.push_back({.name = name, .help = help, .samples = {}});
      family = families_.end() - 1;
    }
    // A series may stand here once; of several runs the last one counts.
    const std::string labels = labels_of(result);
    const auto same = std::find_if(family->samples.begin(), family->samples.end(),
                                   [&](const auto& sample) { return sample.first == labels; });
    if (same == family->samples.end()) {
      family->samples.emplace_back(labels, value);
    } else {
      same->second = value;
    }
  }

  std::string text() const {
    std::string out;
    for (const Family& family : families_) {
      out += fmt::format("# HELP {0} {1}\n# TYPE {0} gauge\n", family.name, family.help);
      for (const auto& [labels, value] : family.samples) {
        out += fmt::format("{}{{{}}} {}\n", family.name, labels, value);
      }
    }
    return out;
  }

 private:
  std::vector<Family> families_;
};

}  // namespace

std::string prometheus(const Results& results, const Style& /*style*/) {
  Exposition exposition;
  for (const Result& result : results) {
    const bool good = result.verdict == Verdict::kPass || result.verdict == Verdict::kWarn;
    // In whole milliseconds, so that the sum has no more digits than its parts.
    const auto ended = std::chrono::round<std::chrono::milliseconds>(
        result.started_at.time_since_epoch() + std::chrono::duration<double>(result.elapsed_s));
    const double ended_s = static_cast<double>(ended.count()) / 1000;
    exposition.add(result, "success", good ? 1 : 0, "1 if the last run passed or only warned.");
    exposition.add(result, "last_run_timestamp_s", ended_s, "When the last run ended.");
    exposition.add(result, "elapsed_s", result.elapsed_s, "How long it took.");
    if (result.threshold_s) {
      exposition.add(result, "threshold_s", *result.threshold_s, "Above this a run is too slow.");
    }
    for (const auto& [key, value] : flatten(result.metrics, "_")) {
      if (value.is_number()) exposition.add(result, key, value.number(), label_of(key) + ".");
    }
  }
  return exposition.text();
}

}  // namespace scalectl::report
