#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "figures/figures_internal.h"

namespace tokamark::figures {

/// One entry of the quantile grid over the runs of a row.
struct NinesPoint {
  std::size_t step = 0;                       ///< of detail::kGridPerNine a nine
  double value = 0.0, low = 0.0, high = 0.0;  ///< median, and what the band spans, in milliseconds
  [[nodiscard]] double nines() const {
    return static_cast<double>(step) / static_cast<double>(detail::kGridPerNine);
  }
};

/// A distribution over runs.
struct NinesLine {
  const report::Row* row = nullptr;
  std::vector<NinesPoint> points;
  Spread spread = Spread::none;
  std::string reason;  ///< why there are no points
};

using DistributionOf = detail::Distribution detail::TrialDetail::*;

/// The median over the used runs at each quantile, with the 95 % sign-test interval where there are
/// six and more, each from a start of its own and none invalid, else the range; the line ends where
/// the shortest of the runs does, or at a failed request.
NinesLine nines_line(const Frame& frame, const report::Row& row, DistributionOf part);

/// The axis of nines up to so many, with percentiles as labels.
Axis nines_axis(double most);
nlohmann::json nines_channel(const Axis& axis);

/// Band, line and marks at p90, p99, ... over `nines_rows`.
nlohmann::json nines_rows(const Frame& frame, const std::vector<NinesLine>& lines, double factor,
                          const std::string& unit);
nlohmann::json nines_layers(const Frame& frame, const Axis& x, const Axis& y);

}  // namespace tokamark::figures
