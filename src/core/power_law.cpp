#include "core/power_law.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/rng.hpp"
#include "core/statistics.hpp"
#include "core/text.hpp"

namespace scalectl::core {
namespace {

using Points = std::vector<std::pair<double, double>>;

constexpr double kMaxExponent = 3;
constexpr int kCells = 60;           // of the grid over [0, kMaxExponent]
constexpr double kTolerance = 1e-7;  // of k
constexpr int kResamples = 1000;
constexpr double kFlatSlope = 0.1;

/// A law and its sum of squared relative residuals.
struct Candidate {
  PowerLaw law;
  double error = std::numeric_limits<double>::infinity();
};

double error_of(const Points& points, const PowerLaw& law) {
  double sum = 0;
  for (const auto& [n, t] : points) sum += std::pow((t - law.at(n)) / t, 2);
  return sum;
}

double largest_size(const Points& points) {
  double largest = 0;
  for (const auto& [n, t] : points) largest = std::max(largest, n);
  return largest;
}

/// The best a and b for this k. Sizes are scaled by the largest, so that n^k stays within [0, 1].
Candidate best_for(const Points& points, double k, bool with_constant) {
  const double scale = largest_size(points);
  double s11 = 0;  // sums over 1/t², x/t², x²/t², 1/t, x/t with x = (n/scale)^k
  double s1x = 0;
  double sxx = 0;
  double s1 = 0;
  double sx = 0;
  for (const auto& [n, t] : points) {
    const double x = std::pow(n / scale, k);
    s11 += 1 / (t * t);
    s1x += x / (t * t);
    sxx += x * x / (t * t);
    s1 += 1 / t;
    sx += x / t;
  }
  const auto candidate = [&](double a, double b) {
    const PowerLaw law{.a = a, .b = b / std::pow(scale, k), .k = k};
    return Candidate{.law = law, .error = error_of(points, law)};
  };
  Candidate best = candidate(0, sx / sxx);
  if (!with_constant) return best;
  const double determinant = s11 * sxx - s1x * s1x;
  if (determinant > 1e-12 * s11 * sxx) {
    const double a = (s1 * sxx - sx * s1x) / determinant;
    const double b = (sx * s11 - s1 * s1x) / determinant;
    if (a >= 0 && b >= 0) return candidate(a, b);
  }
  // The optimum lies on an edge: no constant, or nothing but the constant.
  const Candidate constant = candidate(s1 / s11, 0);
  return constant.error < best.error ? constant : best;
}

/// The value below which `share` of the sorted `values` lie.
double percentile(const std::vector<double>& values, double share) {
  const double place = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (values[above] - values[below]) * (place - static_cast<double>(below));
}

Interval interval_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {.low = percentile(values, 0.025), .high = percentile(values, 0.975)};
}

Points medians_of(const std::vector<SizedSample>& samples) {
  Points points;
  for (const SizedSample& sample : samples)
    points.emplace_back(sample.size, median(sample.seconds));
  return points;
}

/// The medians of repeats that are drawn with replacement.
Points resample(const std::vector<SizedSample>& samples, Rng& rng) {
  Points points;
  for (const SizedSample& sample : samples) {
    std::vector<double> drawn;
    for (std::size_t i = 0; i < sample.seconds.size(); ++i) {
      drawn.push_back(sample.seconds[rng.below(sample.seconds.size())]);
    }
    points.emplace_back(sample.size, median(std::move(drawn)));
  }
  return points;
}

/// The law without a constant that has this slope and passes through the points' middle.
PowerLaw straight(const Points& points) {
  const double k = log_slope(points);
  double mean = 0;
  for (const auto& [n, t] : points) {
    mean += (std::log(t) - k * std::log(n)) / static_cast<double>(points.size());
  }
  return {.a = 0, .b = std::exp(mean), .k = k};
}

bool holds_zero(const Interval& interval) { return interval.low <= 0 && interval.high >= 0; }

}  // namespace

double PowerLaw::at(double n) const { return a + b * std::pow(n, k); }

double PowerFit::decades() const { return std::log10(largest / smallest); }

bool PowerFit::is_known() const { return exponent && exponent->width() <= kWideExponent; }

PowerLaw least_squares(const Points& points) {
  const bool with_constant = points.size() >= kMinSizes;
  const auto at = [&](double k) { return best_for(points, k, with_constant); };
  const double step = kMaxExponent / kCells;
  int best_cell = 0;
  double best_error = std::numeric_limits<double>::infinity();
  for (int cell = 0; cell <= kCells; ++cell) {
    const double error = at(cell * step).error;
    if (error < best_error) {
      best_error = error;
      best_cell = cell;
    }
  }
  double low = std::max(best_cell - 1, 0) * step;
  double high = std::min(best_cell + 1, kCells) * step;
  const double golden = (std::sqrt(5.0) - 1) / 2;
  while (high - low > kTolerance) {
    const double left = high - golden * (high - low);
    const double right = low + golden * (high - low);
    if (at(left).error <= at(right).error) {
      high = right;
    } else {
      low = left;
    }
  }
  return at((low + high) / 2).law;
}

double log_slope(const Points& points) {
  double mean_x = 0;
  double mean_y = 0;
  const auto count = static_cast<double>(points.size());
  for (const auto& [n, t] : points) {
    mean_x += std::log(n) / count;
    mean_y += std::log(t) / count;
  }
  double covariance = 0;
  double variance = 0;
  for (const auto& [n, t] : points) {
    covariance += (std::log(n) - mean_x) * (std::log(t) - mean_y);
    variance += std::pow(std::log(n) - mean_x, 2);
  }
  return covariance / variance;
}

std::optional<PowerFit> fit_power_law(const std::vector<SizedSample>& samples, std::uint64_t seed) {
  if (samples.size() < 2) return std::nullopt;
  const Points medians = medians_of(samples);
  PowerFit fit{.law = least_squares(medians), .sizes = samples.size()};
  const auto [smallest, largest] = std::minmax_element(
      samples.begin(), samples.end(), [](const auto& x, const auto& y) { return x.size < y.size; });
  fit.smallest = smallest->size;
  fit.largest = largest->size;
  const bool repeated = std::all_of(samples.begin(), samples.end(), [](const SizedSample& sample) {
    return sample.seconds.size() >= kMinRepeats;
  });
  const double slope = log_slope(medians);
  fit.flat = fit.law.b == 0 || std::abs(slope) < kFlatSlope;
  if (repeated) {
    std::vector<double> slopes;
    std::vector<double> exponents;
    std::vector<PowerLaw> straights;
    for (int i = 0; i < kResamples; ++i) {
      Rng rng(seed, 0, static_cast<std::uint64_t>(i));
      const Points points = resample(samples, rng);
      straights.push_back(straight(points));
      slopes.push_back(straights.back().k);
      fit.resampled.push_back(least_squares(points));
      exponents.push_back(fit.resampled.back().k);
    }
    const Interval slope_interval = interval_of(slopes);
    const bool narrow = slope_interval.width() <= kWideExponent;
    const bool small = slope_interval.low > -kFlatSlope && slope_interval.high < kFlatSlope;
    fit.flat = fit.law.b == 0 || small || (narrow && holds_zero(slope_interval));
    fit.exponent = fit.flat ? slope_interval : interval_of(exponents);
    if (fit.flat) fit.resampled = std::move(straights);
  }
  if (fit.flat) fit.law = best_for(medians, 0, true).law;
  if (fit.flat) fit.law = {.a = fit.law.a + fit.law.b, .b = 0, .k = 0};
  fit.residual_ratio = std::sqrt(error_of(medians, fit.law) / static_cast<double>(medians.size()));
  return fit;
}

std::string too_few_sizes(std::size_t sizes) {
  return fmt::format("{} size{}, {} needed", sizes, sizes == 1 ? "" : "s", kMinSizes);
}

Prediction predict(const PowerFit& fit, double n) {
  const auto refused = [](std::string why) { return Prediction{.refused = std::move(why)}; };
  if (fit.sizes < kMinSizes) return refused(too_few_sizes(fit.sizes));
  if (n > fit.largest * kMaxReach * (1 + 1e-9)) {
    return refused(
        fmt::format("{:.0f} x the largest size, {} x at most", n / fit.largest, kMaxReach));
  }
  if (!fit.exponent) return refused(fmt::format("fewer than {} runs", kMinRepeats));
  if (!fit.is_known()) {
    return refused(
        fmt::format("k is uncertain by {:.2f}, {} at most", fit.exponent->width(), kWideExponent));
  }
  std::vector<double> values;
  for (const PowerLaw& law : fit.resampled) values.push_back(law.at(n));
  Prediction prediction{.seconds = fit.law.at(n), .interval = interval_of(std::move(values))};
  prediction.interval.low = std::min(prediction.interval.low, *prediction.seconds);
  prediction.interval.high = std::max(prediction.interval.high, *prediction.seconds);
  const double factor = std::pow(10, kWideExponent);
  if (prediction.interval.high > factor * prediction.interval.low) {
    return refused(fmt::format("uncertain by a factor of {:.1f}, {:.1f} at most",
                               prediction.interval.high / prediction.interval.low, factor));
  }
  return prediction;
}

}  // namespace scalectl::core
