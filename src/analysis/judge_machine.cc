#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "analysis/codes.h"
#include "analysis/judges_internal.h"
#include "analysis/verdict.h"
#include "base/assert.h"

namespace tokamark::analysis {

using record::TrialResult;

void judge_machine(const Case& c) {
  const record::TrialResources& resources = c.trial.resources;
  if (resources.gpu_slowdown_share.value_or(0.0) > c.limits.gpu_slowdown_share) {
    c.raise(
        "clock_confounded",
        fmt::format("in {:.1f} % of the window's samples a GPU's hardware slowed its clocks, "
                    "limit {:.1f} %",
                    100.0 * *resources.gpu_slowdown_share, 100.0 * c.limits.gpu_slowdown_share));
  }
  if (resources.gpu_other_processes.value_or(0) > 0) {
    c.raise("dirty_machine", fmt::format("{} other processes were on the GPUs in the window",
                                         *resources.gpu_other_processes));
  } else if (!c.facts.dirty_machine.empty()) {
    c.raise("dirty_machine", c.facts.dirty_machine);
  }
}

void judge_clocks(std::vector<TrialResult>& trials, const Thresholds& limits) {
  using Key = std::tuple<std::string, std::string, std::uint32_t>;
  std::map<Key, std::vector<TrialResult*>> groups;
  for (TrialResult& trial : trials) {
    if (trial.verdict == record::Verdict::incomplete || !trial.resources.gpu_sm_clock_mean_mhz) {
      continue;
    }
    groups[{trial.workload, trial.load.label(), trial.repeat}].push_back(&trial);
  }
  const auto clock = [](const TrialResult* t) { return *t->resources.gpu_sm_clock_mean_mhz; };
  for (const auto& [key, group] : groups) {
    const auto [slow, fast] =
        std::minmax_element(group.begin(), group.end(),
                            [&](const auto* a, const auto* b) { return clock(a) < clock(b); });
    if (clock(*fast) - clock(*slow) <= limits.sm_clock_share * clock(*fast)) continue;
    const std::string evidence = fmt::format(
        "mean SM clocks of {:.0f} MHz ({}) and {:.0f} MHz ({}), limit {:.1f} % apart", clock(*slow),
        (*slow)->engine, clock(*fast), (*fast)->engine, 100.0 * limits.sm_clock_share);
    const CodeInfo* info = find_code("clock_confounded");
    TOKAMARK_ASSERT(info != nullptr);
    for (TrialResult* trial : group) {
      const bool told = std::any_of(trial->codes.begin(), trial->codes.end(),
                                    [](const auto& c) { return c.code == "clock_confounded"; });
      if (told) continue;
      trial->codes.push_back({"clock_confounded", evidence, std::string(info->advice)});
      trial->verdict = record::Verdict::invalid;
    }
  }
}

}  // namespace tokamark::analysis
