#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "figures/frame.h"
#include "report/quantity.h"

namespace tokamark::figures {

/// A number of a trial that a chart can draw.
struct Measure {
  std::string name;    ///< "TTFT p95"
  std::string unit;    ///< "ms"
  std::string metric;  ///< its name among the estimates, or empty: it has none there
  std::function<report::Reading(const record::TrialResult&)> read;
  double per_estimate = 1.0;  ///< what an estimate is multiplied by to have the unit
};

/// One of the quantities that tables show.
Measure measure(report::Quantity quantity);
/// Share of requests that met the SLO, in percent.
Measure attainment_measure();

/// The same where it is above zero; else it has no number, for this reason.
Measure above_zero(Measure measure, const std::string& reason);

/// What the line at a mark spans.
enum class Spread { none, range, interval };

/// A measure over the runs of a row.
struct Value {
  std::optional<double> median;
  std::string reason;        ///< set when `median` is empty
  std::vector<double> runs;  ///< the runs that the median is of, by repeat
  double low = 0.0, high = 0.0;
  Spread spread = Spread::none;  ///< one run; the smallest to the largest; the estimate's interval
  std::size_t blocks = 0;        ///< that an interval is over
};

/// The median over the used runs; empty when any of them lacks it. With an interval where the
/// results' estimates have one (six starts and more), else with the range of the runs.
Value value_of(const Frame& frame, const report::Row& row, const Measure& measure);

/// "1 run", "3 runs, 10 to 12" or "95 % interval 10 to 12 of 9 blocks"; numbers times `factor`.
std::string spread_text(const Value& value, double factor);

}  // namespace tokamark::figures
