#pragma once

#include <span>

#include "base/clock.h"
#include "record/result.h"
#include "run/scraper.h"

namespace tokamark::run {

/// A span of time on the telemetry's clock.
struct Span {
  base::Nanos from{0}, to{0};
};

/// What the server's own metrics say of the window (docs/METRICS.md). Momentary values are taken
/// over the answers inside the window; growth and latencies are taken between the two answers that
/// came nearest to its edges. `trial_start` is where the result's times are counted from. What is
/// not known is empty, with the reason beside it.
record::TrialServer summarise_server(std::span<const Scrape> scrapes, Span window,
                                     base::Nanos trial_start);

}  // namespace tokamark::run
