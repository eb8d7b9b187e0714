#pragma once

#include "figures/figures_internal.h"

namespace tokamark::figures {

/// Rows of data of one measure over the loads of one kind, with the values behind them.
struct LoadData {
  nlohmann::json rows =
      nlohmann::json::array();  ///< `make_datum`, `x`, and `line`: null = not valid
  nlohmann::json runs = nlohmann::json::array();  ///< every run, where a row has several
  std::vector<Value> values;
  std::vector<double> numbers;  ///< all of them in the figure's unit, ends of lines included
  Scale scale;
};

LoadData load_data(const Frame& frame, workload::LoadKind kind, const Measure& measure);
/// With the scale given instead of chosen.
LoadData load_data(const Frame& frame, workload::LoadKind kind, const Measure& measure,
                   const Scale& scale);

/// Lines, spreads, runs, points and crosses of it.
nlohmann::json load_layers(const Frame& frame, const LoadData& data, const Axis& x, const Axis& y);

/// The rows whose load is of the kind.
std::vector<const report::Row*> rows_of(const Frame& frame, workload::LoadKind kind);
/// "concurrency", or "offered rate".
const char* load_name(workload::LoadKind kind);

}  // namespace tokamark::figures
