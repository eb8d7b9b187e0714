#pragma once

#include <string>
#include <string_view>

#include "watch/folder_watch.h"
#include "watch/snapshot.h"

namespace tokamark::watch {

/// Of the text below (OpenMetrics 1.0).
inline constexpr const char* kOpenMetricsType =
    "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The study's numbers as OpenMetrics text, in base units; names in docs/WATCH.md. A number that
/// does not exist has no sample. `version` is the program's.
std::string openmetrics(const Snapshot& snapshot, const FolderWatch::Latest& latest,
                        std::string_view version);

/// A label's value: backslash, quote and line end escaped, no other control character, valid UTF-8,
/// of bounded length.
std::string label_value(std::string_view text);

}  // namespace tokamark::watch
