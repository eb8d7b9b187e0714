#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "record/result.h"

namespace tokamark::comparison {

/// Whether this is what `vllm bench serve --save-result` writes.
bool is_vllm_bench(const nlohmann::json& json);

/// Its numbers as the one trial of a result: points, without an interval. Its clock starts when a
/// request is sent, and its failed requests are in no latency (docs/METRICS.md, "Other tools").
/// `source` names the file in errors, which have kind `study`.
base::Result<record::StudyResult> read_vllm_bench(const nlohmann::json& json,
                                                  const std::string& source);

}  // namespace tokamark::comparison
