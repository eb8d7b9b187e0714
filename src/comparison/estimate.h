#pragma once

#include "comparison/comparison.h"
#include "comparison/series.h"

namespace tokamark::comparison {

/// The typical run of one engine: median over starts with its sign-test interval (methodology M19),
/// and beside it the t interval of the geometric mean.
Estimate make_estimate(const EngineTrials& trials, const Metric& metric, const Series& series);

}  // namespace tokamark::comparison
