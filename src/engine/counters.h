#pragma once

#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "engine/prometheus.h"

namespace tokamark::engine {

/// The page's counters under our names (see CounterSnapshot). Knows the names of vLLM, SGLang,
/// TensorRT-LLM and llama.cpp, old and new, so it needs no adapter.
CounterSnapshot named_counters(const MetricsPage& page);

/// The same with the latency histograms, and whose page it is.
ServerMetrics named_metrics(const MetricsPage& page);

/// All names that `named_metrics` can give, whether or not a page has them.
std::vector<std::string_view> counter_names();
std::vector<std::string_view> histogram_names();

}  // namespace tokamark::engine
