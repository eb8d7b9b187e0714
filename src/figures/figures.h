#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "detail/detail.h"
#include "record/result.h"
#include "report/rows.h"

namespace tokamark::figures {

/// Which part of a report a chart belongs to.
enum class Section { trade_off, distribution, over_time, honesty };

/// "trade_off" and so on.
const char* to_word(Section section);

/// One chart: a complete Vega-Lite specification with its data inside. All numbers, units, ticks
/// and label places in it are computed here; the specification only draws. Where a number depends
/// on the size of the output it holds {"$target": {"col1": ..., "col2": ..., "web": ...}}
/// (src/assets/target.js). `spec.usermeta.figure` repeats what is beside it.
struct Figure {
  std::string id;  ///< "pareto-chat": letters, digits, `-`, `_` and `.`; a file name
  std::string title;
  std::string caption;  ///< what is drawn, n, runs, kind of interval, window, what is missing
  Section section = Section::trade_off;
  nlohmann::json spec;
};

/// The charts of one workload, and a sentence for each that cannot be drawn.
struct FigureSet {
  std::vector<Figure> figures;
  std::vector<std::string> left_out;
};

/// All charts of one workload (docs/FIGURES.md), by section. `detail` may lack trials, or all of
/// them: figures that need it are then left out, with the reason. Trials that are not valid are
/// drawn hollow and crossed. Where the study is simulated every title says so.
FigureSet make_figures(const record::StudyResult& result, const report::WorkloadRows& workload,
                       const detail::StudyDetail& detail);

}  // namespace tokamark::figures
