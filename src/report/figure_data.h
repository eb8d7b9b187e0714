#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "report/rows.h"

namespace tokamark::report {

/// What every figure of one workload is made from.
struct Frame {
  const WorkloadRows& workload;
  std::vector<std::string> engines;  ///< in the study's order; an engine's place is its look
  std::vector<std::string> names;    ///< the same, as safe lines: Vega puts them into expressions
  std::string suffix;                ///< " (SIMULATED)" or empty
};

/// A figure's unit, and what to multiply a quantity's own numbers by to get it.
struct Scale {
  std::string unit;
  double factor = 1.0;
};

/// Milliseconds, or seconds where ten of them are reached; other units as they are.
Scale choose_scale(const Frame& frame, const std::vector<Quantity>& quantities);

/// The data of one mark; the cell must have a median.
nlohmann::json make_datum(const Frame& frame, const Row& row, Quantity quantity,
                          const Scale& scale);

/// Where a value axis ends and its ticks lie: from zero, in steps of 1, 2 or 5 times a power of
/// ten.
struct Ticks {
  double end = 1.0;
  std::vector<double> values;
};

/// Ticks for values up to `most`, with room for a mark above it.
Ticks make_ticks(double most);

/// The largest `high` of the data, or 0.
double most_of(const nlohmann::json& values);

/// The distinct loads of the rows, in order.
std::vector<workload::LoadShape> loads(const WorkloadRows& workload);

/// " Not shown: ..." with the reason, one sentence for all quantities without a number; or empty.
std::string missing_text(const Frame& frame, const std::vector<Quantity>& quantities);

/// What a mark is, which marks are not valid, and what has no number.
std::string make_caption(const Frame& frame, const std::vector<Quantity>& quantities);

}  // namespace tokamark::report
