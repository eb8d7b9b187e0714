#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "base/error.h"

namespace tokamark::figures {

/// How figures look: small and dark for print, large for a talk, as in the page. All of them set
/// the same keys, so one merged over another leaves nothing of it.
enum class Theme { paper, slides, web };

/// A Vega-Lite `config` object (themes/*.json).
nlohmann::json theme(Theme theme);

/// "paper" and so on, as on the command line. Errors: `usage`, with the words that exist.
std::string_view to_word(Theme theme);
base::Result<Theme> parse_theme(std::string_view word);

}  // namespace tokamark::figures
