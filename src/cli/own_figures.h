#pragma once

#include <filesystem>
#include <vector>

#include "base/error.h"
#include "figures/figures.h"
#include "report/table.h"

namespace tokamark::cli {

/// Specifications of the user's (--figures): NAME.vl.json replaces the figures whose id is NAME or
/// begins with "NAME-" (that of each workload), and is added as a figure of its own where there is
/// none. Wherever it has `"data": {"name": "figure"}` it gets the data of the figure it replaces,
/// or, added, the values of every trial (as in tables/runs.csv). Title and caption stay those of
/// the figure it replaces, unless it has a `title`. An empty folder name changes nothing.
/// Errors of kind `study` name the file.
base::Result<void> apply_own_figures(const std::filesystem::path& folder,
                                     const record::StudyResult& result,
                                     std::vector<figures::FigureSet>& sets);

/// The data inside a figure's specification: one row for each datum.
report::Table figure_table(const figures::Figure& figure);

}  // namespace tokamark::cli
