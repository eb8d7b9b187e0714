#include <algorithm>
#include <cmath>
#include <numbers>

#include "comparison/ratio.h"
#include "statistics/experiments.h"
#include "stats/holm.h"
#include "stats/precision.h"
#include "stats/quantile.h"
#include "stats/student.h"

namespace tokamark::statistics {

namespace {

/// Standard deviation of the paired log ratio of two engines.
constexpr double kPairSd = 0.02;

std::vector<double> normals(base::Rng& rng, std::size_t n, double mean, double sd) {
  std::vector<double> values(n);
  for (double& value : values) value = mean + sd * rng.normal();
  return values;
}

double share(std::size_t count, std::size_t studies) {
  return static_cast<double>(count) / static_cast<double>(studies);
}

/// Place in the study of each engine's runs: slots of a, then slots of b.
struct Slots {
  std::vector<std::size_t> a, b;
};

Slots slots_of(Order order, std::size_t blocks, base::Rng& rng) {
  Slots slots;
  for (std::size_t block = 0; block < blocks; ++block) {
    if (order == Order::blocked) {
      slots.a.push_back(block);
      slots.b.push_back(blocks + block);
      continue;
    }
    const bool swapped = order == Order::mirrored         ? block % 2 == 1
                         : order == Order::random_in_pair ? rng.uniform() < 0.5
                                                          : false;
    slots.a.push_back(2 * block + (swapped ? 1 : 0));
    slots.b.push_back(2 * block + (swapped ? 0 : 1));
  }
  return slots;
}

/// Ln of what the machine does in a slot of `all`, beside the noise.
double drift_at(Drift drift, std::size_t slot, std::size_t all) {
  const auto at = static_cast<double>(slot);
  if (drift == Drift::linear) return 0.03 * at / static_cast<double>(all - 1);
  if (drift == Drift::settling) return 0.04 * std::exp(-at / 2.0);
  if (drift == Drift::periodic) return 0.01 * std::sin(2.0 * std::numbers::pi * at / 4.0);
  return 0.0;
}

}  // namespace

const char* to_word(Drift drift) {
  return drift == Drift::none       ? "none"
         : drift == Drift::linear   ? "3 % linear"
         : drift == Drift::settling ? "4 % settling"
                                    : "1 % periodic, 4 slots";
}

const char* to_word(Order order) {
  return order == Order::blocked       ? "AAABBB"
         : order == Order::alternating ? "ABABAB"
         : order == Order::mirrored    ? "ABBAAB"
                                       : "random in pairs";
}

FalseWinners false_winners(std::size_t engines, std::size_t blocks, std::size_t studies,
                           std::uint64_t seed) {
  base::Rng rng(seed);
  std::size_t usual = 0, holm = 0, declared = 0;
  for (std::size_t study = 0; study < studies; ++study) {
    std::vector<std::vector<double>> logs;
    for (std::size_t e = 0; e < engines; ++e) {
      logs.push_back(normals(rng, blocks, 0.0, kPairSd / std::numbers::sqrt2));
    }
    std::vector<comparison::Ratio> ratios;
    std::vector<double> p_values;
    for (std::size_t a = 0; a < engines; ++a) {
      for (std::size_t b = a + 1; b < engines; ++b) {
        ratios.push_back(comparison::paired_ratio(logs[a], logs[b]));
        p_values.push_back(*ratios.back().p);
      }
    }
    const auto adjusted = stats::holm_adjust(p_values);
    bool any_usual = false, any_holm = false, any_declared = false;
    for (std::size_t i = 0; i < ratios.size(); ++i) {
      any_usual = any_usual || p_values[i] <= comparison::kLargestP;
      any_holm = any_holm || adjusted[i] <= comparison::kLargestP;
      any_declared = any_declared || comparison::judge(ratios[i], adjusted[i]).different;
    }
    usual += any_usual ? 1 : 0;
    holm += any_holm ? 1 : 0;
    declared += any_declared ? 1 : 0;
  }
  return {share(usual, studies), share(holm, studies), share(declared, studies)};
}

double false_difference(Drift drift, Order order, std::size_t studies, std::uint64_t seed) {
  constexpr std::size_t kBlocks = 6;
  constexpr double kRunSd = 0.01;
  base::Rng rng(seed);
  std::size_t wrong = 0;
  for (std::size_t study = 0; study < studies; ++study) {
    const Slots slots = slots_of(order, kBlocks, rng);
    std::vector<double> a, b;
    for (std::size_t block = 0; block < kBlocks; ++block) {
      a.push_back(drift_at(drift, slots.a[block], 2 * kBlocks) + kRunSd * rng.normal());
      b.push_back(drift_at(drift, slots.b[block], 2 * kBlocks) + kRunSd * rng.normal());
    }
    wrong += *comparison::paired_ratio(a, b).p <= comparison::kLargestP ? 1 : 0;
  }
  return share(wrong, studies);
}

Power power(double true_ratio, std::size_t blocks, std::size_t studies, std::uint64_t seed) {
  base::Rng rng(seed);
  const std::vector<double> zeros(blocks, 0.0);
  std::size_t by_t = 0, declared = 0;
  for (std::size_t study = 0; study < studies; ++study) {
    const auto logs = normals(rng, blocks, std::log(true_ratio), kPairSd);
    const comparison::Ratio ratio = comparison::paired_ratio(logs, zeros);
    by_t += *ratio.p <= comparison::kLargestP ? 1 : 0;
    declared += comparison::judge(ratio, *ratio.p).different ? 1 : 0;
  }
  return {share(by_t, studies), share(declared, studies)};
}

BudgetPrediction budget_prediction(std::size_t pilot_blocks, double half_width, std::size_t studies,
                                   std::uint64_t seed) {
  base::Rng rng(seed);
  std::size_t kept = 0;
  double blocks = 0.0;
  for (std::size_t study = 0; study < studies; ++study) {
    std::vector<double> logs = normals(rng, pilot_blocks, 0.0, kPairSd);
    const double sd = std::sqrt(stats::variance(logs));
    const auto planned = stats::runs_for(half_width, stats::sd_upper_bound(sd, pilot_blocks - 1));
    const std::size_t n = std::max(planned.value_or(pilot_blocks), pilot_blocks);
    while (logs.size() < n) logs.push_back(kPairSd * rng.normal());
    kept += stats::resolution(std::sqrt(stats::variance(logs)), n) <= half_width ? 1 : 0;
    blocks += static_cast<double>(n) / static_cast<double>(studies);
  }
  return {share(kept, studies), blocks};
}

}  // namespace tokamark::statistics
