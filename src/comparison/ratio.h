#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "stats/student.h"

namespace tokamark::comparison {

/// Least blocks for a t interval, and for a sign test that can reach 5 % (methodology M18, M19).
inline constexpr std::size_t kLeastForInterval = 5;
inline constexpr std::size_t kLeastForVerdict = 6;
/// MLPerf's "materially different" (inference policies, submission audit): below it nothing is
/// called a difference, within it engines are called equivalent.
inline constexpr double kMaterialShare = 0.02;
/// Largest Holm-adjusted p, and sign-test p, of a declared difference.
inline constexpr double kLargestP = 0.05;

/// The ratio of two engines, a / b, over runs.
struct Ratio {
  std::size_t blocks = 0;     ///< pairs; of unpaired ones the smaller number of runs
  std::size_t a_greater = 0;  ///< pairs in which a's value is the greater; 0 when unpaired
  std::size_t b_greater = 0;
  bool paired = true;
  std::optional<double> a, b;   ///< geometric means of the runs that were compared
  std::optional<double> ratio;  ///< a / b
  std::optional<stats::Interval> interval;
  std::optional<double> p;
  std::optional<double> sd_log;      ///< of paired log ratios; needs two
  std::optional<double> resolution;  ///< half-width of the interval of the logs, as a share
  /// Pairs, by index, without any one of which the interval would hold 1, which it does not; what
  /// it says then rests on one block. Needs six pairs.
  std::vector<std::size_t> leaned_on;
};

/// Pairs block by block, in the same order: Student's t of d = ln a - ln b (methodology M22).
Ratio paired_ratio(std::span<const double> log_a, std::span<const double> log_b);

/// Runs that share no schedule: Welch's t of the logs.
Ratio unpaired_ratio(std::span<const double> log_a, std::span<const double> log_b);

/// What a ratio amounts to (methodology M23), or why it is not resolved.
struct Judgement {
  bool different = false, equivalent = false;
  std::string_view reason;  ///< of neither: "interval", "direction", "small" or "blocks"
};

/// `p_adjusted` is the ratio's p over its family. Unpaired ratios have no sign test.
Judgement judge(const Ratio& ratio, double p_adjusted);

}  // namespace tokamark::comparison
