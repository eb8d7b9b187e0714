#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "cli/report_files.h"

namespace tokamark::cli {

/// Draws the figures as SVG, PDF and PNG, as far as `options.formats` has these, and the card as
/// PNG, with the renderer. Without it nothing is drawn and the line that is returned says what to
/// install. One line more for each figure that could not be drawn.
base::Result<std::vector<std::string>> draw_figures(const std::vector<figures::Figure>& figures,
                                                    const figures::Figure& card,
                                                    const record::StudyResult& result,
                                                    const ReportFileOptions& options);

}  // namespace tokamark::cli
