#include "capacity/attainment.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/assert.h"
#include "stats/lognormal.h"
#include "stats/quantile.h"
#include "stats/student.h"

namespace tokamark::capacity {

namespace {

/// Half the width of Student's interval if requests were independent.
double least_half_width(std::span<const Outcome> runs, double confidence) {
  double good = 0.0, all = 0.0;
  for (const Outcome& run : runs) {
    good += run.attainment * static_cast<double>(run.requests);
    all += static_cast<double>(run.requests);
  }
  const double p = (good + 1.0) / (all + 2.0);
  const double t = stats::t_quantile(0.5 + confidence / 2.0, static_cast<double>(runs.size() - 1));
  return t * std::sqrt(p * (1.0 - p) / all);
}

std::size_t overloaded(std::span<const Outcome> runs) {
  return static_cast<std::size_t>(
      std::count_if(runs.begin(), runs.end(), [](const Outcome& run) { return run.overloaded; }));
}

}  // namespace

MeanAttainment mean_attainment(std::span<const Outcome> runs, double confidence) {
  TOKAMARK_ASSERT(!runs.empty());
  std::vector<double> shares, missed;
  for (const Outcome& run : runs) {
    shares.push_back(run.attainment);
    missed.push_back(1.0 - run.attainment + 0.5 / static_cast<double>(run.requests));
  }
  MeanAttainment all{stats::mean(shares), 0.0, 1.0};
  const auto interval = stats::lognormal_mean_interval(missed, confidence);
  if (!interval) return all;
  const double half = least_half_width(runs, confidence);
  all.low = std::max(0.0, std::min(1.0 - interval->high, all.mean - half));
  all.high = std::min(1.0, std::max(1.0 - interval->low, all.mean + half));
  return all;
}

Standing judge(std::span<const Outcome> runs, const Goal& goal) {
  if (runs.size() < kLeastRuns) return Standing::undecided;
  const std::size_t too_much = overloaded(runs);
  const MeanAttainment all = mean_attainment(runs, goal.confidence);
  if (too_much == runs.size() || all.high < goal.share) return Standing::misses;
  const bool meets = all.low >= goal.share && 2 * too_much < runs.size();
  return meets ? Standing::meets : Standing::undecided;
}

const char* to_word(Standing standing) {
  switch (standing) {
    case Standing::meets:
      return "meets";
    case Standing::misses:
      return "misses";
    case Standing::undecided:
      break;
  }
  return "undecided";
}

}  // namespace tokamark::capacity
