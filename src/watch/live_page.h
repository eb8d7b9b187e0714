#pragma once

#include <string>

#include "watch/snapshot.h"

namespace tokamark::watch {

/// The page at /: a strip that its script fills from /events, and the report at /report in a
/// frame. Text from outside comes through the events alone, and the script writes it as text.
std::string live_page();

/// Its Content-Security-Policy: its own script and style by their hashes, requests and frames to
/// this server alone.
std::string live_policy();

/// Of /report: the page brings its own policy; this one forbids other sites to frame it.
inline constexpr const char* kReportPolicy = "frame-ancestors 'self'";

/// A page with one line of text, for a report that cannot be made.
std::string message_page(const std::string& message);

}  // namespace tokamark::watch
