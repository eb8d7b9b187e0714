#pragma once

#include <optional>
#include <span>

#include "record/request_record.h"

namespace tokamark::analysis {

/// Whether a run was the same at its end as at its beginning, over measured requests that
/// succeeded, in the order in which they were due. Empty with fewer than 20 of them.
struct Steadiness {
  /// Mean ln of the first quarter less that of the last (methodology M14).
  std::optional<double> ttft_drift_log, tpot_drift_log;
  /// Pearson correlation of ln TTFT with that of the request before: how little a request says
  /// that its neighbours did not. Empty where all are equal.
  std::optional<double> ttft_autocorrelation;
};

Steadiness compute_steadiness(std::span<const record::RequestRecord> records);

}  // namespace tokamark::analysis
