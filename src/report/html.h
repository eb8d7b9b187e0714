#pragma once

#include <string>

#include "record/result.h"

namespace tokamark::report {

/// report.html: one file that opens offline. Its content policy forbids every request and every
/// script but its own two, whose hashes it names. All text from outside is escaped. The same
/// result gives the same bytes: no date in it but the manifest's.
std::string report_html(const record::StudyResult& result);

}  // namespace tokamark::report
