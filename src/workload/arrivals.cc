#include "workload/arrivals.h"

#include "base/assert.h"
#include "base/rng.h"

namespace tokamark::workload {

namespace {

/// One gap with mean 1.
double unit_gap(const LoadShape& load, base::Rng& rng) {
  switch (load.arrivals) {
    case Arrivals::constant:
      return 1.0;
    case Arrivals::poisson:
      return rng.exponential();
    case Arrivals::gamma:
      break;
  }
  return rng.gamma_mean_one(1.0 / (load.gamma_cv * load.gamma_cv));
}

}  // namespace

std::vector<base::Nanos> arrival_offsets(const LoadShape& load, base::Nanos length,
                                         std::uint64_t seed) {
  TOKAMARK_ASSERT(load.kind == LoadKind::open && load.rate_per_s > 0.0 && load.gamma_cv > 0.0);
  base::Rng rng(seed);
  std::vector<base::Nanos> offsets;
  // Gaps are summed in units of the mean gap: for constant arrivals the sum is then a whole
  // number, and no rounding of 1/rate builds up over a long run.
  for (double elapsed_gaps = unit_gap(load, rng);; elapsed_gaps += unit_gap(load, rng)) {
    const double seconds = elapsed_gaps / load.rate_per_s;
    if (seconds >= base::to_seconds(length) || offsets.size() == kMaxArrivals) return offsets;
    offsets.push_back(base::from_seconds(seconds));
  }
}

}  // namespace tokamark::workload
