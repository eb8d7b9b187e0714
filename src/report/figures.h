#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "record/result.h"
#include "report/rows.h"

namespace tokamark::report {

/// One chart: a complete Vega-Lite specification with its data inside. All numbers in it are
/// computed here; the specification (web/figures/*.vl.json) only draws.
struct Figure {
  std::string title;
  std::string caption;  ///< what is drawn, from how many runs, and what is missing
  nlohmann::json spec;
};

/// The charts of one workload, and a sentence for each that cannot be drawn.
struct FigureSet {
  std::vector<Figure> figures;
  std::vector<std::string> left_out;
};

/// Throughput and TPOT over the load as lines; TTFT, TPOT and E2E percentiles as bars, one panel a
/// load with its own axis from zero. Trials that are not valid are drawn hollow and crossed.
/// Where the study is simulated every title says so.
FigureSet make_figures(const record::StudyResult& result, const WorkloadRows& workload);

}  // namespace tokamark::report
