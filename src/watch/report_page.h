#pragma once

#include <string>

#include "base/error.h"
#include "run/results_folder.h"

namespace tokamark::watch {

/// What a report is made from. Beside a running study only the trials' summaries are read, which
/// takes no time worth speaking of; the charts that need every record come when it has ended.
enum class ReportSource { summaries, records };

/// The report of the trials that are in the folder now; from records it is the page that
/// `tokamark report` writes.
base::Result<std::string> report_page(const run::ResultsFolder& folder, ReportSource source);

}  // namespace tokamark::watch
