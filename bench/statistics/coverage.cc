#include <algorithm>
#include <cmath>

#include "statistics/experiments.h"
#include "stats/early_stopping.h"
#include "stats/quantile.h"
#include "stats/sign_test.h"
#include "stats/student.h"

namespace tokamark::statistics {

namespace {

/// Ln of a run's value; the true median of each population is 0.
double draw(Population population, base::Rng& rng) {
  if (population == Population::normal) return 0.02 * rng.normal();
  if (population == Population::outliers) {
    return rng.uniform() < 0.1 ? 0.10 + 0.02 * rng.normal() : 0.02 * rng.normal();
  }
  return 0.05 * (rng.exponential() - std::log(2.0));  // ln 2 is the median of an exponential
}

/// The median of the mixture: the share of outliers above moves it up a little.
double true_median(Population population) {
  // 0.9 Phi(x / 0.02) = 0.5 for outliers far above: x = 0.02 Phi^-1(0.5556) = 0.02 x 0.1397.
  return population == Population::outliers ? 0.02 * 0.1397 : 0.0;
}

struct Count {
  double sign = 0.0, t = 0.0;

  void add(const std::vector<double>& logs, double truth) {
    const auto by_sign = stats::sign_interval(logs);
    const auto by_t = stats::t_interval(logs);
    sign += by_sign && by_sign->low <= truth && truth <= by_sign->high ? 1.0 : 0.0;
    t += by_t && by_t->low <= truth && truth <= by_t->high ? 1.0 : 0.0;
  }

  [[nodiscard]] Coverage of(std::size_t studies) const {
    return {sign / static_cast<double>(studies), t / static_cast<double>(studies)};
  }
};

}  // namespace

const char* to_word(Population population) {
  return population == Population::normal   ? "normal"
         : population == Population::skewed ? "skewed"
                                            : "10 % outliers";
}

Coverage coverage(Population population, std::size_t runs, std::size_t studies,
                  std::uint64_t seed) {
  base::Rng rng(seed);
  Count count;
  std::vector<double> logs(runs);
  for (std::size_t study = 0; study < studies; ++study) {
    for (double& log : logs) log = draw(population, rng);
    count.add(logs, true_median(population));
  }
  return count.of(studies);
}

Coverage queue_coverage(const QueueModel& model, double q, std::size_t runs, std::size_t studies,
                        std::uint64_t seed) {
  std::vector<double> logs;
  for (std::size_t run = 0; run < runs * studies; ++run) {
    logs.push_back(std::log(
        quantile_of(simulate_run(model, base::Rng(base::derive_seed(seed + run, "schedule")),
                                 base::Rng(base::derive_seed(seed + run, "engine"))),
                    q)));
  }
  const double truth = stats::median(logs);  // of all runs of all studies
  Count count;
  for (std::size_t study = 0; study < studies; ++study) {
    const auto first = logs.begin() + static_cast<std::ptrdiff_t>(study * runs);
    count.add({first, first + static_cast<std::ptrdiff_t>(runs)}, truth);
  }
  return count.of(studies);
}

namespace {

/// Order-statistic interval of the q-quantile of independent values: ranks nq -+ 1.96
/// sqrt(nq(1-q)).
stats::Interval interval_of_requests(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  const auto n = static_cast<double>(values.size());
  const double half = 1.96 * std::sqrt(n * q * (1.0 - q));
  const auto rank = [&](double r) {
    return values[static_cast<std::size_t>(std::clamp(r, 1.0, n)) - 1];
  };
  return {rank(std::floor(n * q - half)), rank(std::ceil(n * q + half) + 1.0)};
}

}  // namespace

double false_difference_of_requests(const QueueModel& model, double q, std::size_t studies,
                                    std::uint64_t seed) {
  double apart = 0.0;
  for (std::size_t study = 0; study < studies; ++study) {
    const auto run = [&](std::uint64_t which) {
      const std::uint64_t own = base::derive_seed(seed + 2 * study + which, "run");
      return interval_of_requests(
          simulate_run(model, base::Rng(own), base::Rng(base::derive_seed(own, "engine"))), q);
    };
    const stats::Interval a = run(0);
    const stats::Interval b = run(1);
    apart += a.high < b.low || b.high < a.low ? 1.0 : 0.0;
  }
  return apart / static_cast<double>(studies);
}

EarlyStopping early_stopping(const QueueModel& model, std::size_t runs, std::uint64_t seed) {
  std::vector<std::vector<double>> all;
  std::vector<double> pooled;
  for (std::size_t run = 0; run < runs; ++run) {
    const std::uint64_t own = base::derive_seed(seed + run, "run");
    all.push_back(simulate_run(model, base::Rng(own), base::Rng(base::derive_seed(own, "engine"))));
    pooled.insert(pooled.end(), all.back().begin(), all.back().end());
  }
  const double limit = quantile_of(pooled, 0.99);
  double wrong = 0.0;
  std::vector<double> over;
  for (std::vector<double>& values : all) {
    std::sort(values.begin(), values.end());
    const auto estimate = stats::early_stopping_estimate(values, 0.99);
    wrong += estimate && *estimate < limit ? 1.0 : 0.0;
    over.push_back(
        static_cast<double>(values.end() - std::upper_bound(values.begin(), values.end(), limit)));
  }
  return {wrong / static_cast<double>(runs),
          stats::variance_inflation(over, static_cast<double>(model.requests)).value_or(0.0)};
}

}  // namespace tokamark::statistics
