#include "comparison/verdict.h"

#include <fmt/format.h>

#include <algorithm>

namespace tokamark::comparison {

namespace {

std::string explain(std::string_view why, const Ratio& ratio) {
  if (why == "blocks") {
    return fmt::format("{} {}{}{}; a verdict needs {}", ratio.blocks,
                       ratio.paired ? "block" : "run", ratio.blocks == 1 ? "" : "s",
                       ratio.paired ? " in common" : "", kLeastForVerdict);
  }
  if (why == "direction") {
    return fmt::format("blocks do not agree in direction: {} of {} one way",
                       std::max(ratio.a_greater, ratio.b_greater), ratio.blocks);
  }
  if (why == "small") {
    return fmt::format("a difference below {:.0f} % is not called one", 100.0 * kMaterialShare);
  }
  return fmt::format("not resolved at +-{:.1f} %", 100.0 * ratio.resolution.value_or(0.0));
}

}  // namespace

void settle(const Ratio& ratio, double p_adjusted, const std::string& refusal, Better better,
            Comparison& comparison) {
  comparison.blocks = ratio.blocks;
  comparison.paired = ratio.paired;
  comparison.a_greater = ratio.a_greater;
  comparison.a_value = ratio.a;
  comparison.b_value = ratio.b;
  comparison.ratio = ratio.ratio;
  comparison.interval = ratio.interval;
  comparison.p = ratio.p;
  if (ratio.p) comparison.p_adjusted = p_adjusted;
  comparison.sd_log = ratio.sd_log;
  comparison.resolution = ratio.resolution;
  comparison.verdict = Verdict::not_resolved;
  if (!refusal.empty()) {
    comparison.refused = true;
    comparison.reason = refusal;
    return;
  }
  const Judgement judgement = judge(ratio, p_adjusted);
  if (judgement.equivalent) {
    comparison.verdict = Verdict::equivalent;
  } else if (judgement.different) {
    comparison.verdict = Verdict::different;
    const bool a_wins = (*ratio.ratio > 1.0) == (better == Better::higher);
    comparison.better = a_wins ? comparison.a : comparison.b;
  } else {
    comparison.reason = explain(judgement.reason, ratio);
  }
}

}  // namespace tokamark::comparison
