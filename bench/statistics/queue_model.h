#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/rng.h"

namespace tokamark::statistics {

/// A toy server: Poisson arrivals, one queue in order of arrival, 16 slots; a request holds its
/// slot for a log-normal prefill (mean 0.1 s, sigma 0.5) and answer (mean 4 s, sigma 0.83). TTFT is
/// wait plus prefill. Real engines batch, so sizes found with it are those of a toy; directions
/// hold.
struct QueueModel {
  double load = 0.7;              ///< share of the slots that is busy on average
  std::size_t requests = 1000;    ///< measured, after as many that are not
  double start_effect_sd = 0.02;  ///< of ln time, drawn once a run: each start has its own pace
  double request_noise_sd = 0.0;  ///< of ln time, drawn for each request
};

/// TTFT in seconds of one run, in order of arrival. Requests come from `schedule`, whatever the
/// engine does; what differs between engines from `engine`.
std::vector<double> simulate_run(const QueueModel& model, base::Rng schedule, base::Rng engine);

/// Nearest-rank quantile of values in any order.
double quantile_of(std::vector<double> values, double q);

}  // namespace tokamark::statistics
