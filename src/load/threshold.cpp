#include "load/threshold.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "core/error.hpp"
#include "core/text.hpp"

namespace scalectl::load {
namespace {

// The vocabulary: a metric is a line here, and a value that a Measurement gives for its name.
constexpr Metric kMetrics[] = {
    {"response", MetricKind::kLatency, "from the planned start to the end of the answer"},
    {"service", MetricKind::kLatency, "from the first byte written to the end of the answer"},
    {"send_lag", MetricKind::kLatency, "from the planned start to the first byte written"},
    {"connect", MetricKind::kLatency, "TCP connections made"},
    {"tls", MetricKind::kLatency, "TLS handshakes done"},
    {"first_byte", MetricKind::kLatency, "from the first byte written to the first byte read"},
    {"upgrade", MetricKind::kLatency, "WebSocket upgrades"},
    {"echo", MetricKind::kLatency, "a sender's own message, from its planned start to its return"},
    {"fanout", MetricKind::kLatency, "another's message, from its planned start"},
    {"reopen", MetricKind::kLatency, "from a disconnect to the next message received"},
    {"requests", MetricKind::kCount, "requests or messages sent, as sent"},
    {"scheduled", MetricKind::kCount, "starts planned"},
    {"sent", MetricKind::kCount, "requests sent"},
    {"missed", MetricKind::kCount, "starts planned that were never sent"},
    {"ok", MetricKind::kCount, "answers below status 400"},
    {"errors", MetricKind::kCount, "http_error + transport_error + timeout"},
    {"http_error", MetricKind::kCount, "answers with status 400 or more"},
    {"transport_error", MetricKind::kCount, "requests without an answer: refused, reset, garbled"},
    {"timeout", MetricKind::kCount, "requests without a complete answer in time"},
    {"unfinished", MetricKind::kCount, "requests without an answer when the run ended"},
    {"delivered", MetricKind::kCount, "messages received by those who were to, each once"},
    {"lost", MetricKind::kCount, "messages not received, though a later one was"},
    {"duplicated", MetricKind::kCount, "messages received again"},
    {"reordered", MetricKind::kCount, "messages received after a later one"},
    {"disconnects", MetricKind::kCount, "WebSockets that ended before the run did"},
    {"open_failed", MetricKind::kCount, "connections that could not be opened"},
    {"iterations", MetricKind::kCount, "of a scenario's flows, begun"},
    {"failed_iterations", MetricKind::kCount, "iterations that a failed step ended"},
    {"failed_checks", MetricKind::kCount, "checks of a scenario that did not hold"},
    {"throughput", MetricKind::kThroughput, "requests per second"},
    {"error_rate", MetricKind::kRatio, "share of errors in the requests sent"},
    {"missed_rate", MetricKind::kRatio, "share of missed starts in those planned"},
    {"bytes_in", MetricKind::kBytes, "bytes read"},
    {"bytes_out", MetricKind::kBytes, "bytes written"},
    {"status_2xx", MetricKind::kCount, "answers with a status from 200 to 299"},
    {"status_3xx", MetricKind::kCount, "answers with a status from 300 to 399"},
    {"status_4xx", MetricKind::kCount, "answers with a status from 400 to 499"},
    {"status_5xx", MetricKind::kCount, "answers with a status from 500 to 599"},
    {"status", MetricKind::kStatus, "answers with that status, as in status(404)"},
    {"cpu", MetricKind::kRatio, "the generator's own use of its processors"},
};

/// A number with this suffix counts times 10^exponent times factor.
struct Unit {
  std::string_view suffix;
  int exponent;
  double factor = 1;
};
constexpr Unit kLatencyUnits[] = {{"ms", 6}, {"", 6}, {"us", 3}, {"s", 9}, {"m", 9, 60}};
constexpr Unit kCountUnits[] = {{"", 0}, {"k", 3}, {"K", 3}, {"M", 6}};
constexpr Unit kByteUnits[] = {
    {"", 0},   {"B", 0},         {"KB", 3},           {"kB", 3},          {"MB", 6},
    {"GB", 9}, {"KiB", 0, 1024}, {"MiB", 0, 1 << 20}, {"GiB", 0, 1 << 30}};
constexpr Unit kRatioUnits[] = {{"", 0}, {"%", -2}};
constexpr Unit kThroughputUnits[] = {{"/s", 0},  {"", 0},    {"k", 3}, {"K", 3},
                                     {"k/s", 3}, {"K/s", 3}, {"M", 6}, {"M/s", 6}};

std::span<const Unit> units_of(MetricKind kind) {
  switch (kind) {
    case MetricKind::kLatency:
      return kLatencyUnits;
    case MetricKind::kBytes:
      return kByteUnits;
    case MetricKind::kRatio:
      return kRatioUnits;
    case MetricKind::kThroughput:
      return kThroughputUnits;
    case MetricKind::kCount:
    case MetricKind::kStatus:
      break;
  }
  return kCountUnits;
}

constexpr std::pair<std::string_view, Comparison> kComparisons[] = {
    // The longer first, so that <= is not taken for <.
    {"===", Comparison::kEqual},         {"==", Comparison::kEqual},
    {"!=", Comparison::kNotEqual},       {"<=", Comparison::kLessOrEqual},
    {">=", Comparison::kGreaterOrEqual}, {"<", Comparison::kLess},
    {">", Comparison::kGreater}};

constexpr std::pair<std::string_view, Aggregate> kPlainAggregates[] = {{"mean", Aggregate::kMean},
                                                                       {"avg", Aggregate::kMean},
                                                                       {"min", Aggregate::kMin},
                                                                       {"max", Aggregate::kMax}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) {
  return is_digit(c) || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string list(const std::vector<std::string>& words) {
  return "one of " + core::join(words, ", ");
}

/// The decimal `digits` times 10^exponent, rounded once; nothing for what is no plain decimal.
std::optional<double> scaled(std::string_view digits, int exponent) {
  const bool plain = digits.find_first_not_of("0123456789.") == std::string_view::npos;
  if (!plain || std::none_of(digits.begin(), digits.end(), is_digit)) return std::nullopt;
  const std::string text = fmt::format("{}e{}", digits, exponent);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Takes a threshold apart from the left, knowing where it is.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Threshold parse() {
    read_metric();
    if (threshold_.metric->kind == MetricKind::kLatency) {
      read_aggregate();
    } else if (threshold_.metric->kind == MetricKind::kStatus) {
      read_status();
    }
    read_comparison();
    read_limit();
    return std::move(threshold_);
  }

 private:
  void read_metric() {
    skip_space();
    const std::size_t at = at_;
    const std::string name(take_while(is_word));
    std::vector<std::string> names;
    for (const Metric& metric : kMetrics) {
      if (metric.name == name) threshold_.metric = &metric;
      names.emplace_back(metric.name);
    }
    if (name.empty()) throw error(at, "a metric is expected", list(names));
    if (threshold_.metric == nullptr) {
      throw error(at, fmt::format("there is no metric \"{}\"", name),
                  core::did_you_mean(name, names, list(names)));
    }
    threshold_.text = name;
  }

  void read_aggregate() {
    const std::string& name = threshold_.text;
    skip_space();
    if (!take('.')) {
      throw error(at_, fmt::format("\"{}\" needs an aggregate, as in {}.p99", name, name),
                  list(aggregates()));
    }
    skip_space();
    const std::size_t at = at_;
    const std::string word(take_while(is_word));
    threshold_.text += '.';
    for (const auto& [plain, aggregate] : kPlainAggregates) {
      if (plain != word) continue;
      threshold_.aggregate = aggregate;
      threshold_.text += aggregate == Aggregate::kMean ? "mean" : word;
      return;
    }
    const std::optional<std::string> percent = read_percent(word);
    const auto quantile = percent ? scaled(*percent, -2) : std::nullopt;
    if (!quantile || *quantile > 1) {
      const std::string given(text_.substr(at, at_ - at));
      throw error(at, fmt::format("there is no aggregate \"{}\"", given),
                  core::did_you_mean(given, aggregates(), list(aggregates())));
    }
    threshold_.aggregate = Aggregate::kQuantile;
    threshold_.quantile = *quantile;
    const bool short_form = percent->size() <= 2 && percent->find('.') == std::string::npos;
    threshold_.text += *quantile == 0.999 ? "p999"
                       : short_form       ? "p" + *percent
                                          : "p(" + *percent + ")";
  }

  /// The percentage that an aggregate stands for: "99" of p99 and p(99), "99.9" of p999, "50" of
  /// med.
  std::optional<std::string> read_percent(const std::string& word) {
    if (word == "med") return "50";
    if (word == "p") {
      skip_space();
      if (!take('(')) return std::nullopt;
      const std::string digits(core::trim(take_while([](char c) { return c != ')'; })));
      return take(')') ? std::optional(digits) : std::nullopt;
    }
    if (!word.starts_with('p')) return std::nullopt;
    const std::string digits = word.substr(1);
    if (digits.size() > 2 && digits.starts_with("99")) return "99." + digits.substr(2);
    return digits.size() <= 2 ? std::optional(digits) : std::nullopt;
  }

  void read_status() {
    skip_space();
    const std::size_t at = at_;
    const bool open = take('(');
    skip_space();
    const std::string digits(take_while(is_digit));
    skip_space();
    const bool closed = take(')');
    const int status = digits.size() == 3 ? std::stoi(digits) : 0;
    if (!open || !closed || status < 100 || status > 599) {
      throw error(at, "a status from 100 to 599 is expected, as in status(404)",
                  "for a class of them write status_4xx");
    }
    threshold_.status = status;
    threshold_.text += "(" + digits + ")";
  }

  void read_comparison() {
    skip_space();
    for (const auto& [symbol, comparison] : kComparisons) {
      if (!text_.substr(at_).starts_with(symbol)) continue;
      at_ += symbol.size();
      threshold_.comparison = comparison;
      threshold_.text += comparison == Comparison::kEqual ? "==" : symbol;
      return;
    }
    const std::string operators = "one of <, <=, >, >=, ==, !=";
    if (at_ < text_.size() && text_[at_] == '.') {
      throw error(at_, fmt::format("\"{}\" has no aggregates", threshold_.metric->name), operators);
    }
    throw error(at_, "a comparison is expected",
                text_.substr(at_, 1) == "=" ? "did you mean \"==\"?" : operators);
  }

  void read_limit() {
    const MetricKind kind = threshold_.metric->kind;
    skip_space();
    const std::size_t at = at_;
    const std::string digits(take_while([](char c) { return is_digit(c) || c == '.'; }));
    if (!scaled(digits, 0)) throw error(at, "a number is expected", "as in " + example());
    skip_space();
    const std::size_t unit_at = at_;
    const std::string suffix(core::trim(text_.substr(at_)));
    std::vector<std::string> suffixes;
    const Unit* found = nullptr;
    for (const Unit& unit : units_of(kind)) {
      if (unit.suffix == suffix) found = &unit;
      if (!unit.suffix.empty()) suffixes.emplace_back(unit.suffix);
    }
    if (found == nullptr) {
      throw error(unit_at, fmt::format("\"{}\" is no unit of {}", suffix, threshold_.metric->name),
                  suffix.size() > 1 ? core::did_you_mean(suffix, suffixes, list(suffixes))
                                    : list(suffixes));
    }
    const auto limit = scaled(digits, found->exponent);
    if (!limit || (kind == MetricKind::kRatio && *limit > 1)) {
      throw error(at, limit ? "a ratio is at most 1" : "this number is too large",
                  "as in " + example());
    }
    threshold_.limit = *limit * found->factor;
    threshold_.text += digits;
    threshold_.text += kind == MetricKind::kLatency && suffix.empty() ? "ms" : suffix;
  }

  std::string example() const {
    switch (threshold_.metric->kind) {
      case MetricKind::kLatency:
        return fmt::format("{}.p99<200ms", threshold_.metric->name);
      case MetricKind::kRatio:
        return fmt::format("{0}<0.01 or {0}<1%", threshold_.metric->name);
      case MetricKind::kThroughput:
        return "throughput>1000/s";
      case MetricKind::kStatus:
        return "status(404)==0";
      case MetricKind::kCount:
      case MetricKind::kBytes:
        break;
    }
    return fmt::format("{}<1000", threshold_.metric->name);
  }

  core::Error error(std::size_t at, const std::string& what, std::string hint) const {
    return core::usage_error(fmt::format("threshold \"{}\", column {}: {}", text_, at + 1, what),
                             std::move(hint));
  }

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  bool take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  template <typename Test>
  std::string_view take_while(const Test& test) {
    const std::size_t from = at_;
    while (at_ < text_.size() && test(text_[at_])) ++at_;
    return text_.substr(from, at_ - from);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Threshold threshold_;
};

bool holds(double value, Comparison comparison, double limit) {
  switch (comparison) {
    case Comparison::kLess:
      return value < limit;
    case Comparison::kLessOrEqual:
      return value <= limit;
    case Comparison::kGreater:
      return value > limit;
    case Comparison::kGreaterOrEqual:
      return value >= limit;
    case Comparison::kEqual:
      return value == limit;
    case Comparison::kNotEqual:
      return value != limit;
  }
  return false;
}

}  // namespace

std::span<const Metric> metrics() { return kMetrics; }

const std::vector<std::string>& aggregates() {
  static const std::vector<std::string> names{"avg", "mean", "min", "max",  "med",    "p50",
                                              "p90", "p95",  "p99", "p999", "p(99.9)"};
  return names;
}

Threshold parse_threshold(std::string_view text) { return Parser(text).parse(); }

std::optional<double> aggregate_of(const Threshold& threshold, const core::Histogram& latencies) {
  if (latencies.empty()) return std::nullopt;
  switch (threshold.aggregate) {
    case Aggregate::kMean:
      return latencies.mean();
    case Aggregate::kMin:
      return static_cast<double>(latencies.min());
    case Aggregate::kMax:
      return static_cast<double>(latencies.max());
    case Aggregate::kQuantile:
      return static_cast<double>(latencies.quantile(threshold.quantile));
    case Aggregate::kNone:
      break;
  }
  return std::nullopt;
}

ThresholdOutcome evaluate(const Threshold& threshold, const Measurement& measurement) {
  std::optional<double> observed = measurement.value(threshold);
  if (observed && std::isnan(*observed)) observed.reset();
  const bool passed = observed && holds(*observed, threshold.comparison, threshold.limit);
  return {threshold.text, observed, passed};
}

std::string format_value(MetricKind kind, double value) {
  switch (kind) {
    case MetricKind::kLatency:
      if (value >= 1e9) return fmt::format("{:.4g}s", value / 1e9);
      return value >= 1e6 || value == 0 ? fmt::format("{:.4g}ms", value / 1e6)
                                        : fmt::format("{:.4g}us", value / 1e3);
    case MetricKind::kRatio:
      return fmt::format("{:.4g}%", value * 100);
    case MetricKind::kThroughput:
      return fmt::format("{:.1f}/s", value);
    case MetricKind::kCount:
    case MetricKind::kStatus:
    case MetricKind::kBytes:
      break;
  }
  return fmt::format("{:.0f}", value);
}

}  // namespace scalectl::load
