#include "load/schedule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/error.hpp"
#include "core/parse.hpp"
#include "core/text.hpp"

namespace scalectl::load {
namespace {

using Wide = unsigned __int128;

constexpr std::uint64_t kLongest = std::uint64_t{1} << 62;
constexpr Wide kWidest = Wide{1} << 127;
constexpr std::uint64_t kNanosAtMaxRate = 100;  // one arrival at 10^7/s

constexpr Wide ceil_div(Wide a, Wide b) { return a / b + (a % b != 0 ? 1 : 0); }

struct Suffix {
  std::string_view name;
  std::uint64_t factor;
};
constexpr Suffix kThousands[] = {{"k", 1000}, {"K", 1000}, {"M", 1'000'000}};
constexpr Suffix kPeriods[] = {{"s", core::kSecond},
                               {"m", 60 * core::kSecond},
                               {"min", 60 * core::kSecond},
                               {"h", 3600 * core::kSecond}};

core::Error bad_rate(std::string_view text, std::size_t at, std::string_view why) {
  return core::usage_error(fmt::format("\"{}\" is not a rate: column {}: {}", text, at + 1, why),
                           "write 1000/s, 2.5/s, 30/m or 1k/s; a bare number is per second");
}

/// A rate that may be zero.
Rate read_rate(std::string_view text) {
  Wide number = 0;
  std::uint64_t nanos = 1;
  std::size_t at = 0;
  std::size_t digits = 0;
  bool point = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '.' && !point) {
      point = true;
    } else if (c >= '0' && c <= '9') {
      number = number * 10 + static_cast<Wide>(c - '0');
      if (++digits > 18) throw bad_rate(text, at, "too many digits");
      if (point && (nanos *= 10) > 1'000'000) throw bad_rate(text, at, "more than 6 decimals");
    } else {
      break;
    }
  }
  if (digits == 0) throw bad_rate(text, 0, "a positive number is expected");
  for (const Suffix& suffix : kThousands) {
    if (at < text.size() && text.substr(at, 1) == suffix.name) {
      number *= suffix.factor;
      ++at;
      break;
    }
  }
  std::string_view period = "s";
  if (at < text.size()) {
    if (text[at] != '/') throw bad_rate(text, at, "/s, /m or /h is expected");
    period = text.substr(++at);
  }
  const auto* unit = std::find_if(std::begin(kPeriods), std::end(kPeriods),
                                  [&](const Suffix& s) { return s.name == period; });
  if (unit == std::end(kPeriods)) throw bad_rate(text, at, "s, m or h is expected");
  nanos *= unit->factor;
  if (number * kNanosAtMaxRate > nanos) throw bad_rate(text, 0, "more than 10^7/s");
  const auto count = static_cast<std::uint64_t>(number);
  const std::uint64_t common = std::gcd(count, nanos);
  return Rate{count / common, nanos / common};
}

Stage read_stage(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) {
    throw core::usage_error("DURATION:RATE is expected",
                            "write stages as in 30s:100,1m:1000,10s:0");
  }
  const core::Seconds duration = core::parse_duration(text.substr(0, colon));
  return Stage{std::llround(duration.count() * 1e9), read_rate(text.substr(colon + 1))};
}

void check_rate(const Rate& rate) {
  if (rate.nanos == 0 || Wide{rate.count} * kNanosAtMaxRate > rate.nanos) {
    throw core::usage_error(
        fmt::format("{} arrivals in {} ns are more than 10^7/s", rate.count, rate.nanos));
  }
}

core::Error nothing_arrives() {
  return core::usage_error("the schedule plans no arrivals",
                           "give a rate above 0 and a duration or count above 0");
}

core::Error too_long() {
  return core::usage_error("the schedule lasts longer than 146 years", "give a shorter one");
}

}  // namespace

Rate parse_rate(std::string_view text) {
  const Rate rate = read_rate(text);
  if (rate.is_zero()) throw bad_rate(text, 0, "a positive number is expected");
  return rate;
}

std::string to_text(const Rate& rate) {
  for (const auto& [name, nanos] :
       {std::pair{"s", core::kSecond}, {"m", 60 * core::kSecond}, {"h", 3600 * core::kSecond}}) {
    const Wide number = Wide{rate.count} * static_cast<Wide>(nanos);
    if (number % rate.nanos == 0) {
      return fmt::format("{}/{}", static_cast<std::uint64_t>(number / rate.nanos), name);
    }
  }
  return fmt::format("{:g}/s", rate.per_second());
}

std::vector<Stage> parse_stages(std::string_view text) {
  std::vector<Stage> stages;
  std::size_t column = 1;
  for (const std::string& part : core::split(text, ',')) {
    try {
      stages.push_back(read_stage(core::trim(part)));
    } catch (const core::Error& error) {
      throw error.within(
          fmt::format("stage {} \"{}\" at column {}", stages.size() + 1, part, column));
    }
    column += part.size() + 1;
  }
  return stages;
}

Shard parse_shard(std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    return core::usage_error(fmt::format("\"{}\" is not a shard: {}", text, why),
                             "write 0/4, 1/4, 2/4 and 3/4 for the four parts of a run");
  };
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) throw refuse("INDEX/COUNT is expected");
  const auto number = [&](std::string_view digits) {
    const bool plain = !digits.empty() && digits.size() <= 9 &&
                       digits.find_first_not_of("0123456789") == std::string_view::npos;
    if (!plain) throw refuse(fmt::format("\"{}\" is not a whole number", digits));
    return static_cast<std::uint64_t>(core::parse_integer(digits));
  };
  const Shard shard{number(text.substr(0, slash)), number(text.substr(slash + 1))};
  if (shard.count == 0) throw refuse("the count is at least 1");
  if (shard.index >= shard.count) {
    throw refuse(fmt::format("the index goes from 0 to {}", shard.count - 1));
  }
  return shard;
}

// --- one segment; t counts from its beginning ---

/// Twice the integral up to t, times length / divisor: t * (2*from*length + (to - from)*t), in
/// reduced rates. Whole, and rising over the length of the segment.
Wide Schedule::Segment::doubled(std::uint64_t t) const {
  // The sum is positive, so a negative slope may wrap round on the way.
  return t * (2 * Wide{low_from} * length + (Wide{low_to} - Wide{low_from}) * t);
}

/// The least t at which the segment's area reaches `area`, which is less than the whole.
std::uint64_t Schedule::Segment::solve(Wide area) const {
  if (area == 0) return 0;
  if (is_flat()) return static_cast<std::uint64_t>(ceil_div(area, 2 * Wide{from}));
  const Wide quotient = area / divisor;
  const Wide wanted =
      quotient * length + ceil_div((area - quotient * divisor) * length, Wide{divisor});
  // Solved in doubles, in the form without cancellation, and put right in integers: the square of
  // the rate at the wanted instant is reckoned from the lower end of the ramp.
  const double first = static_cast<double>(low_from) * static_cast<double>(length);
  const double last = static_cast<double>(low_to) * static_cast<double>(length);
  const double square =
      low_to > low_from
          ? first * first + static_cast<double>(low_to - low_from) * static_cast<double>(wanted)
          : last * last + static_cast<double>(low_from - low_to) *
                              static_cast<double>(doubled(length) - wanted);
  const double guess = static_cast<double>(wanted) / (first + std::sqrt(square));
  auto t = std::min(length, static_cast<std::uint64_t>(guess));
  while (t > 0 && doubled(t - 1) >= wanted) --t;
  while (doubled(t) < wanted) ++t;
  return t;
}

/// The area up to t, rounded down.
Wide Schedule::Segment::area_at(std::uint64_t t) const {
  if (is_flat()) return 2 * Wide{from} * t;
  const Wide scaled = doubled(t);
  return scaled / length * divisor + scaled % length * divisor / length;
}

// --- the schedule ---

Schedule::Schedule(const Rate& start, const std::vector<Stage>& stages, bool endless) {
  check_rate(start);
  Wide scale = start.nanos;
  Wide length = 0;
  for (const Stage& stage : stages) {
    check_rate(stage.target);
    scale *= stage.target.nanos / std::gcd(static_cast<std::uint64_t>(scale), stage.target.nanos);
    length += static_cast<Wide>(std::max<core::Nanos>(0, stage.duration));
    if (scale >= kWidest >> 64) throw core::usage_error("the rates have no common unit");
    if (length > kLongest) throw too_long();
  }
  unit_ = 2 * scale;
  const auto common = [&](const Rate& rate) {
    return static_cast<std::uint64_t>(rate.count * (scale / rate.nanos));
  };
  Rate rate = start;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    try {
      if (stages[i].duration > 0) {
        add_segment(static_cast<std::uint64_t>(stages[i].duration), common(rate),
                    common(stages[i].target));
      }
    } catch (const core::Error& error) {
      throw error.within(fmt::format(
          "stage {}: from {} to {} over {}", i + 1, to_text(rate), to_text(stages[i].target),
          core::format_duration(std::chrono::nanoseconds(stages[i].duration))));
    }
    rate = stages[i].target;
  }
  if (segments_.empty() || segments_.back().area_end == 0) throw nothing_arrives();
  if (endless) return;
  end_ = static_cast<core::Nanos>(length);
  total_ = count_until(*end_);
}

void Schedule::add_segment(std::uint64_t length, std::uint64_t from, std::uint64_t to) {
  Segment segment{.length = length, .from = from, .to = to};
  segment.begin = segments_.empty()
                      ? 0
                      : segments_.back().begin + static_cast<core::Nanos>(segments_.back().length);
  segment.base = segments_.empty() ? 0 : segments_.back().area_end;
  segment.area_end = segment.base + (Wide{from} + to) * length;
  if (!segment.is_flat()) {
    segment.divisor = std::gcd(from, to);
    segment.low_from = from / segment.divisor;
    segment.low_to = to / segment.divisor;
    if (Wide{segment.low_from} + segment.low_to >= kWidest / length / length) {
      throw core::usage_error("this ramp is too long to be computed exactly",
                              "shorten it, or give rates with fewer digits");
    }
  }
  segments_.push_back(segment);
}

Schedule Schedule::constant(const Rate& rate, std::optional<core::Nanos> duration,
                            std::optional<std::uint64_t> count) {
  if (count == 0) throw nothing_arrives();
  const core::Nanos length = duration.value_or(static_cast<core::Nanos>(kLongest));
  Schedule schedule(rate, {Stage{length, rate}}, !duration);
  if (count && *count < schedule.total_) {
    schedule.end_ = schedule.instant(*count);
    if (schedule.end_ == kNever) throw too_long();
    schedule.total_ = *count;
  }
  return schedule;
}

Schedule Schedule::stages(const std::vector<Stage>& stages, const Rate& start) {
  return Schedule(start, stages, false);
}

std::uint64_t Schedule::ceiling(Wide area) const {
  return static_cast<std::uint64_t>(ceil_div(area, unit_));
}

/// The segment in which arrival k falls, or nullptr after the last.
const Schedule::Segment* Schedule::segment_of(std::uint64_t k) const {
  const auto found =
      std::upper_bound(segments_.begin(), segments_.end(), unit_ * k,
                       [](Wide area, const Segment& segment) { return area < segment.area_end; });
  return found == segments_.end() ? nullptr : &*found;
}

core::Nanos Schedule::instant(std::uint64_t k) const {
  const Segment* segment = segment_of(k);
  if (segment == nullptr) return kNever;
  return segment->begin + static_cast<core::Nanos>(segment->solve(unit_ * k - segment->base));
}

core::Nanos Schedule::start(std::uint64_t k) const { return k < total_ ? instant(k) : kNever; }

/// Arrivals before t, which is after the beginning and not after the end, whatever their limit.
std::uint64_t Schedule::count_until(core::Nanos t) const {
  // Planned before t, rounded up, is planned by t - 1 before rounding.
  const core::Nanos by = t - 1;
  const Segment& segment =
      *std::prev(std::upper_bound(segments_.begin(), segments_.end(), by,
                                  [](core::Nanos at, const Segment& s) { return at < s.begin; }));
  // Where the rate is 0, an arrival that the area has only just reached waits for the next ramp.
  if (segment.area_end == segment.base) return ceiling(segment.base);
  const Wide area = segment.base + segment.area_at(static_cast<std::uint64_t>(by - segment.begin));
  return static_cast<std::uint64_t>(area / unit_) + 1;
}

std::uint64_t Schedule::expected(core::Nanos t) const {
  if (t <= 0) return 0;
  if (end_ && t >= *end_) return total_;
  return std::min(total_, count_until(std::min(t, static_cast<core::Nanos>(kLongest))));
}

// --- the cursor ---

Schedule::Cursor Schedule::cursor(const Shard& shard) const { return Cursor(*this, shard); }

Arrival Schedule::Cursor::next_slowly() {
  const std::vector<Segment>& segments = schedule_->segments_;
  const Wide area = schedule_->unit_ * index_;
  while (segment_ < segments.size() && segments[segment_].area_end <= area) ++segment_;
  if (index_ >= schedule_->total_ || segment_ == segments.size()) return {index_, kNever};
  const Segment& segment = segments[segment_];
  if (segment.is_flat()) {
    enter_flat(segment);
    return next();
  }
  const std::uint64_t t = segment.solve(area - segment.base);
  const Arrival arrival{index_, segment.begin + static_cast<core::Nanos>(t)};
  index_ += stride_;
  return arrival;
}

/// Instants in a flat segment are ceil(a / b) for an `a` that grows by the same with each arrival:
/// quotient and remainder of a + b - 1, of the first arrival and of the growth, give them all.
void Schedule::Cursor::enter_flat(const Segment& segment) {
  denominator_ = 2 * segment.from;
  const Wide raised = schedule_->unit_ * index_ - segment.base + (denominator_ - 1);
  const Wide step = schedule_->unit_ * stride_;
  at_ =
      static_cast<std::uint64_t>(segment.begin) + static_cast<std::uint64_t>(raised / denominator_);
  remainder_ = static_cast<std::uint64_t>(raised % denominator_);
  step_ = static_cast<std::uint64_t>(step / denominator_);
  step_remainder_ = static_cast<std::uint64_t>(step % denominator_);
  flat_end_ = std::min(schedule_->total_, schedule_->ceiling(segment.area_end));
}

}  // namespace scalectl::load
