#pragma once

#include "engine/engine.h"
#include "engine/prometheus.h"

namespace tokamark::engine {

/// The page's counters under our names (see CounterSnapshot). Knows the names of vLLM, SGLang,
/// TensorRT-LLM and llama.cpp, old and new, so it needs no adapter.
CounterSnapshot named_counters(const MetricsPage& page);

}  // namespace tokamark::engine
