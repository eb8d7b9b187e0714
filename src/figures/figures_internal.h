#pragma once

#include <string>
#include <vector>

#include "figures/measure.h"
#include "figures/spec.h"

namespace tokamark::figures {

/// Each adds the figures of its file, or sentences why they are left out (docs/FIGURES.md).
void add_tradeoffs(const Frame& frame, FigureSet& set);
void add_loads(const Frame& frame, FigureSet& set);
void add_slo(const Frame& frame, FigureSet& set);
void add_distributions(const Frame& frame, FigureSet& set);
void add_bars(const Frame& frame, FigureSet& set);
void add_gaps(const Frame& frame, FigureSet& set);
void add_prompt_lengths(const Frame& frame, FigureSet& set);
void add_forest(const Frame& frame, FigureSet& set);
void add_timeline(const Frame& frame, FigureSet& set);
void add_waterfall(const Frame& frame, FigureSet& set);
void add_token_lines(const Frame& frame, FigureSet& set);
void add_startup(const Frame& frame, FigureSet& set);
void add_memory(const Frame& frame, FigureSet& set);
void add_roofline(const Frame& frame, FigureSet& set);
void add_client(const Frame& frame, FigureSet& set);
void add_errors(const Frame& frame, FigureSet& set);
void add_repeats(const Frame& frame, FigureSet& set);

/// A sentence for each part of a caption; each begins with a space, or is empty.
/// "1,000 to 1,200 measured requests a run, 3 runs, window 60 s."
std::string basis_text(const std::vector<const report::Row*>& rows);
/// The same where a figure draws one run of each row (`chosen_trial`), and where it draws all,
/// invalid ones included.
std::string one_run_text(const std::vector<const report::Row*>& rows);
std::string all_runs_text(const std::vector<const report::Row*>& rows);
/// What a mark and its line are, by what the values are.
std::string marks_text(const std::vector<Value>& values);
/// "Hollow and crossed: no valid run." where a row has none.
std::string invalid_text(const std::vector<const report::Row*>& rows);
/// The engines whose run is not valid, for charts whose lines cannot show it.
std::string unusable_text(const std::vector<const report::Row*>& rows);
/// "Not shown: TTFT p99 of 2 of 8 rows (needs 1000 samples, has 240)."
std::string missing_text(const Frame& frame, const std::vector<const report::Row*>& rows,
                         const std::vector<Measure>& measures);

/// How a request ended: "succeeded", "failed: http_status".
std::string ending_text(record::RequestStatus status, record::RequestError error);

std::vector<const report::Row*> all_rows(const Frame& frame);
std::vector<const report::Row*> rows_at(const Frame& frame, const std::string& load);

}  // namespace tokamark::figures
