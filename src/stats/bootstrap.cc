#include "stats/bootstrap.h"

#include <algorithm>
#include <vector>

#include "base/rng.h"
#include "stats/quantile.h"

namespace tokamark::stats {

std::optional<Interval> bootstrap_runs(
    std::size_t runs, const std::function<double(std::span<const std::size_t>)>& statistic,
    std::uint64_t seed, double confidence) {
  constexpr std::size_t kResamples = 10'000;
  if (runs < kLeastBootstrapRuns) return std::nullopt;
  base::Rng rng(seed);
  std::vector<std::size_t> chosen(runs);
  std::vector<double> values(kResamples);
  for (double& value : values) {
    for (std::size_t& index : chosen) index = static_cast<std::size_t>(rng.below(runs));
    value = statistic(chosen);
  }
  std::sort(values.begin(), values.end());
  const double tail = (1.0 - confidence) / 2.0;
  return Interval{nearest_rank(values, tail), nearest_rank(values, 1.0 - tail)};
}

}  // namespace tokamark::stats
