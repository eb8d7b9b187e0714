#pragma once

#include <string>
#include <vector>

#include "comparison/comparison.h"
#include "comparison/conditions.h"
#include "comparison/ratio.h"
#include "comparison/series.h"

namespace tokamark::comparison {

/// Trials and the price of the machine that they ran on.
struct Side {
  const EngineTrials& trials;
  std::optional<double> price_per_hour_usd;
};

/// How the runs of two sides belong together: by block, or, where no block has the same schedules,
/// not at all.
enum class Pairing { blocks, blocks_or_none };

/// The numbers of a pair; the verdict waits for the family that it is a member of.
struct Pending {
  Comparison comparison;
  Ratio ratio;
  std::string refusal;
  std::string family;
  std::vector<std::uint32_t> blocks;  ///< of the ratio's pairs, in their order
};

Pending compare_pair(const Metric& metric, const Side& a, const Side& b,
                     const Conditions& conditions, Pairing pairing);

/// Settles every comparison, with Holm's adjustment over each family.
void decide(std::vector<Pending>& all);

}  // namespace tokamark::comparison
