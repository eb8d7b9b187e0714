#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "statistics/queue_model.h"

namespace tokamark::statistics {

/// Runs whose logs come from one of these.
enum class Population { normal, skewed, outliers };

const char* to_word(Population population);

/// Share of studies whose interval holds the true median run.
struct Coverage {
  double sign = 0.0, t = 0.0;
};

/// Coverage of the 95 % intervals of R run-level values (methodology M19), `studies` times.
Coverage coverage(Population population, std::size_t runs, std::size_t studies, std::uint64_t seed);

/// The same for the q-quantile of TTFT of the queue model.
Coverage queue_coverage(const QueueModel& model, double q, std::size_t runs, std::size_t studies,
                        std::uint64_t seed);

/// Equal engines, `studies` times: how often any pair of them is called different by its own 95 %
/// interval, by Holm's adjustment over all pairs, and by all rules of methodology M23.
struct FalseWinners {
  double usual = 0.0, holm = 0.0, declared = 0.0;
};
FalseWinners false_winners(std::size_t engines, std::size_t blocks, std::size_t studies,
                           std::uint64_t seed);

/// Two runs of identical engines, one each, compared at a quantile by the order-statistic interval
/// of their requests, as if those were independent: share of studies whose intervals do not meet.
double false_difference_of_requests(const QueueModel& model, double q, std::size_t studies,
                                    std::uint64_t seed);

/// What the machine does over the slots of a study.
enum class Drift { none, linear, settling, periodic };
/// In which order two engines take the slots.
enum class Order { blocked, alternating, mirrored, random_in_pair };

const char* to_word(Drift drift);
const char* to_word(Order order);

/// Share of studies of two equal engines, six blocks each, in which the t interval of the paired
/// ratio excludes 1.
double false_difference(Drift drift, Order order, std::size_t studies, std::uint64_t seed);

/// Share of studies that declare a true difference, with a standard deviation of 2 % of the paired
/// log ratios: by the t interval alone, and by all rules of methodology M23.
struct Power {
  double t_alone = 0.0, declared = 0.0;
};
Power power(double true_ratio, std::size_t blocks, std::size_t studies, std::uint64_t seed);

/// Studies that plan from pilot blocks: share whose resolution at the planned number of blocks is
/// no worse than was said, and the mean number planned.
struct BudgetPrediction {
  double kept = 0.0, mean_blocks = 0.0;
};
BudgetPrediction budget_prediction(std::size_t pilot_blocks, double half_width, std::size_t studies,
                                   std::uint64_t seed);

/// MLPerf's early stopping at p99 against the queue model, with the limit set at the true p99:
/// share of runs whose estimate is below it (1 % if requests were independent), and the variance
/// inflation.
struct EarlyStopping {
  double wrong = 0.0, variance_inflation = 0.0;
};
EarlyStopping early_stopping(const QueueModel& model, std::size_t runs, std::uint64_t seed);

}  // namespace tokamark::statistics
