#include "comparison/pair.h"

#include <fmt/format.h>

#include <map>

#include "comparison/verdict.h"
#include "stats/holm.h"

namespace tokamark::comparison {

namespace {

/// Schedules of each block, by run: blocks are paired only where both sides played the same.
std::map<std::uint32_t, std::map<std::uint32_t, std::string>> schedules(const EngineTrials& group) {
  std::map<std::uint32_t, std::map<std::uint32_t, std::string>> found;
  for (const record::TrialResult* trial : group.trials) {
    found[trial->repeat][trial->run] = trial->schedule_sha256;
  }
  return found;
}

/// Ln values of the blocks that both sides played alike, and how many others there are.
struct Pairs {
  std::vector<double> log_a, log_b;
  std::vector<std::uint32_t> blocks;
  std::size_t left_out = 0;
};

Pairs pair_blocks(const Side& a, const Side& b, const Series& series_a, const Series& series_b) {
  const auto schedules_a = schedules(a.trials);
  const auto schedules_b = schedules(b.trials);
  const auto starts_b = series_b.starts();
  Pairs pairs;
  for (const auto& [block, log] : series_a.starts()) {
    const auto other = starts_b.find(block);
    if (other == starts_b.end() || schedules_a.at(block) != schedules_b.at(block)) {
      ++pairs.left_out;
      continue;
    }
    pairs.blocks.push_back(block);
    pairs.log_a.push_back(log);
    pairs.log_b.push_back(other->second);
  }
  return pairs;
}

std::vector<double> logs_of(const Series& series) {
  std::vector<double> logs;
  for (const auto& [block, log] : series.starts()) logs.push_back(log);
  return logs;
}

}  // namespace

Pending compare_pair(const Metric& metric, const Side& a, const Side& b,
                     const Conditions& conditions, Pairing pairing) {
  Pending pending;
  Comparison& c = pending.comparison;
  c.metric = metric.name;
  c.workload = a.trials.workload;
  c.load = a.trials.load;
  c.a = a.trials.engine;
  c.b = b.trials.engine;
  c.caveats = conditions.caveats;
  pending.refusal = conditions.refusal;
  const Series series_a = make_series(a.trials, metric, a.price_per_hour_usd);
  const Series series_b = make_series(b.trials, metric, b.price_per_hour_usd);
  const std::string& missing = series_a.reason.empty() ? series_b.reason : series_a.reason;
  if (!missing.empty()) {
    if (pending.refusal.empty()) pending.refusal = missing;
    return pending;
  }
  const Pairs pairs = pair_blocks(a, b, series_a, series_b);
  if (pairs.log_a.empty() && pairing == Pairing::blocks_or_none) {
    c.caveats.emplace_back("not paired: the schedules differ, as with another seed");
    pending.ratio = unpaired_ratio(logs_of(series_a), logs_of(series_b));
    return pending;
  }
  if (pairs.left_out > 0) {
    c.caveats.push_back(fmt::format(
        "{} of {}'s blocks left out, which the other did not play with the same schedule",
        pairs.left_out, c.a));
  }
  pending.ratio = paired_ratio(pairs.log_a, pairs.log_b);
  pending.blocks = pairs.blocks;
  return pending;
}

namespace {

/// A difference that one block decides is said to be one: the next study may not repeat it.
void say_leaned_on(Pending& pending) {
  if (pending.comparison.verdict != Verdict::different) return;
  for (const std::size_t pair : pending.ratio.leaned_on) {
    pending.comparison.caveats.push_back(
        fmt::format("rests on block {}: without it the interval holds 1", pending.blocks[pair]));
  }
}

}  // namespace

void decide(std::vector<Pending>& all) {
  std::map<std::string, std::vector<Pending*>> families;
  for (Pending& pending : all) families[pending.family].push_back(&pending);
  for (auto& [name, family] : families) {
    std::vector<double> p_values;
    p_values.reserve(family.size());
    // A test that could not be made was declared all the same.
    for (const Pending* member : family) p_values.push_back(member->ratio.p.value_or(1.0));
    const auto adjusted = stats::holm_adjust(p_values);
    for (std::size_t i = 0; i < family.size(); ++i) {
      Pending& member = *family[i];
      settle(member.ratio, adjusted[i], member.refusal,
             find_metric(member.comparison.metric)->better, member.comparison);
      say_leaned_on(member);
    }
  }
}

}  // namespace tokamark::comparison
