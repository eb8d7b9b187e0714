#pragma once

#include <string>

#include "record/result.h"

namespace tokamark::report {

/// summary.md, as GitHub Markdown: verdict, best engine at the SLO, headline table, what is
/// invalid, recommendations; the rest folded away. At most `kMarkdownLimit` bytes, so that it fits
/// a pull request comment; what had to be left out is said. Nothing in a name or an error acts as
/// markup.
std::string summary_markdown(const record::StudyResult& result);

/// GitHub refuses comments above 65,536 characters.
inline constexpr std::size_t kMarkdownLimit = 60'000;
/// Of those, for the sentence that says what was left out.
inline constexpr std::size_t kMarkdownReserve = 200;

}  // namespace tokamark::report
