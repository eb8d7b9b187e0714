#include "statistics/queue_model.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <queue>

#include "stats/quantile.h"

namespace tokamark::statistics {

namespace {

constexpr std::size_t kSlots = 16;

/// Log-normal with this mean.
double log_normal(base::Rng& rng, double mean, double sigma) {
  return mean * std::exp(sigma * rng.normal() - sigma * sigma / 2.0);
}

}  // namespace

std::vector<double> simulate_run(const QueueModel& model, base::Rng schedule, base::Rng engine) {
  constexpr double kPrefill = 0.1, kAnswer = 4.0;
  const double gap = (kPrefill + kAnswer) / static_cast<double>(kSlots) / model.load;
  const double pace = std::exp(model.start_effect_sd * engine.normal());
  std::priority_queue<double, std::vector<double>, std::greater<>> free_at;
  for (std::size_t i = 0; i < kSlots; ++i) free_at.push(0.0);
  std::vector<double> ttft;
  ttft.reserve(model.requests);
  double now = 0.0;
  for (std::size_t i = 0; i < 2 * model.requests; ++i) {
    now += gap * schedule.exponential();
    const double noise = pace * std::exp(model.request_noise_sd * engine.normal());
    const double prefill = noise * log_normal(schedule, kPrefill, 0.5);
    const double answer = noise * log_normal(schedule, kAnswer, 0.83);
    const double begun = std::max(now, free_at.top());
    free_at.pop();
    free_at.push(begun + prefill + answer);
    if (i >= model.requests) ttft.push_back(begun - now + prefill);
  }
  return ttft;
}

double quantile_of(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  return stats::nearest_rank(values, q);
}

}  // namespace tokamark::statistics
