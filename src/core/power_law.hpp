// Power law: how a time grows with a size, t = a + b·n^k, fitted to repeated measurements, with
// what can be said about k and about sizes that were not measured.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace scalectl::core {

/// The repeats of one size.
struct SizedSample {
  double size = 0;              ///< more than 0
  std::vector<double> seconds;  ///< each more than 0; at least one
};

/// From the 2.5th to the 97.5th percentile.
struct Interval {
  double low = 0;
  double high = 0;

  double width() const { return high - low; }
};

/// t = a + b·n^k, in seconds; neither a nor b is negative.
struct PowerLaw {
  double a = 0;
  double b = 0;
  double k = 0;

  double at(double n) const;
};

/// The least-squares law through (size, seconds). The residuals are relative, (t − law) / t:
/// timings span orders of magnitude, and plain squares would see the largest size alone. For a
/// fixed k the problem is linear in a and b (solved under a, b ≥ 0); k is searched over [0, 3], on
/// a grid first, since the bounds on a and b may give the error two valleys, then by golden section
/// in the best cell. Two sizes cannot tell a from b·n^k: a is 0 then. Sizes must differ; at least
/// two.
PowerLaw least_squares(const std::vector<std::pair<double, double>>& points);

/// The slope of log t over log n: k where a is 0. At least two sizes that differ.
double log_slope(const std::vector<std::pair<double, double>>& points);

inline constexpr std::size_t kMinRepeats = 3;
inline constexpr std::size_t kMinSizes = 3;
/// A prediction that reaches further is refused, as a multiple of the largest size.
inline constexpr double kMaxReach = 10;
/// An interval of k above this is wide: at kMaxReach times the data it means a factor of 10^0.5,
/// more than three, between the ends.
inline constexpr double kWideExponent = 0.5;

struct PowerFit {
  PowerLaw law;  ///< through the medians; b and k are 0 where it is flat
  /// It does not grow so that it could be told from noise (the interval of the log-log slope holds
  /// 0), or by less than n^0.1: the exponent of a + b·n^k is undefined, and the slope's interval
  /// stands for it.
  bool flat = false;
  /// Of k, by bootstrap; nothing where a size has fewer than kMinRepeats repeats.
  std::optional<Interval> exponent;
  double residual_ratio = 0;  ///< root mean square of the relative residuals of the medians
  std::size_t sizes = 0;
  double smallest = 0;
  double largest = 0;
  std::vector<PowerLaw> resampled;  ///< of the bootstrap; where it is flat, laws without an a

  double decades() const;
  /// False where the interval of k is wide, or there is none.
  bool is_known() const;
};

/// Fits the medians, and bootstraps the interval of k: each size's repeats are drawn anew with
/// replacement 1,000 times (Efron 1979, percentile method), always in the same way for the same
/// `seed`. Nothing for fewer than two sizes.
std::optional<PowerFit> fit_power_law(const std::vector<SizedSample>& samples,
                                      std::uint64_t seed = 1979);

/// Why a law through so few sizes predicts nothing: "1 size, 3 needed".
std::string too_few_sizes(std::size_t sizes);

/// What a fit says about size `n`, or why it says nothing.
struct Prediction {
  std::optional<double> seconds;
  Interval interval;
  std::string refused;  ///< why; empty where there is a prediction
};

/// Refused with fewer than kMinSizes sizes or kMinRepeats repeats, beyond kMaxReach times the
/// largest size, where the interval of k is wider than kWideExponent, and where the predicted
/// interval spans a factor of more than 10^kWideExponent.
Prediction predict(const PowerFit& fit, double n);

}  // namespace scalectl::core
