#include "report/at_slo.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "advice/pair_row.h"
#include "advice/wording.h"
#include "comparison/conditions.h"
#include "report/text.h"

namespace tokamark::report {
namespace {

using advice::PairRow;
using advice::PairVerdict;

constexpr const char* kGoodput = "goodput_requests_per_s";

bool states_slo(const record::StudyResult& result) {
  return result.study.is_object() && result.study.contains("slo") &&
         result.study["slo"].is_object() && !result.study["slo"].empty();
}

/// The mean over the valid runs; empty when one lacks it.
std::optional<double> attainment_of(const Row& row) {
  double sum = 0.0;
  for (const auto* trial : row.used) {
    if (!trial->metrics.slo_attainment) return std::nullopt;
    sum += *trial->metrics.slo_attainment;
  }
  if (row.used.empty()) return std::nullopt;
  return sum / static_cast<double>(row.used.size());
}

/// Such a load cannot meet the SLO, as in a search for the capacity.
bool half_unstable(const Row& row) {
  const auto unstable =
      std::count_if(row.trials.begin(), row.trials.end(), [](const record::TrialResult* trial) {
        return std::any_of(trial->codes.begin(), trial->codes.end(),
                           [](const auto& code) { return code.code == "unstable"; });
      });
  return 2 * static_cast<std::size_t>(unstable) >= row.trials.size();
}

SloStanding standing_of(const std::string& engine, const std::vector<const Row*>& rows) {
  SloStanding standing;
  standing.engine = engine;
  bool any_valid = false;
  std::vector<std::string> skipped;
  for (const Row* row : rows) {
    if (!row->comparable) {
      skipped.push_back(fmt::format("{} ({})", row->load.label(), verdict_text(*row)));
      continue;
    }
    any_valid = true;
    if (half_unstable(*row)) {
      standing.reason = "half or more of the runs at " + row->load.label() + " are unstable";
      break;
    }
    const auto attained = attainment_of(*row);
    if (!attained) {
      standing.reason = "attainment is not known at " + row->load.label();
      break;
    }
    if (*attained < kAttainmentWanted) {
      standing.reason = fmt::format("at {} only {} % of the requests are good", row->load.label(),
                                    format_number(100.0 * *attained));
      break;
    }
    standing.row = row;
    standing.attainment = attained;
    standing.highest_measured = row == rows.back();
    standing.passed_over = skipped;
  }
  if (standing.row == nullptr) standing.passed_over = skipped;
  if (!any_valid) standing.reason = "no valid run";
  if (standing.row != nullptr) standing.reason.clear();
  return standing;
}

const PairRow* find_pair(const std::vector<PairRow>& pairs, const std::string& metric,
                         const Row& row, const std::string& a, const std::string& b) {
  const auto found = std::find_if(pairs.begin(), pairs.end(), [&](const PairRow& pair) {
    return pair.metric == metric && pair.workload == row.workload &&
           pair.load.label() == row.load.label() &&
           ((pair.a == a && pair.b == b) || (pair.a == b && pair.b == a));
  });
  return found == pairs.end() ? nullptr : &*found;
}

/// The interval of a not resolved pair, or why there is none.
std::string open_text(const PairRow& pair) {
  std::string text = fmt::format("{} / {}", pair.a, pair.b);
  if (pair.ratio) text += fmt::format(" {:.3f}", *pair.ratio);
  if (pair.low && pair.high) {
    const bool holds_one = *pair.low <= 1.0 && *pair.high >= 1.0;
    text += fmt::format(", 95 % interval {:.3f} to {:.3f}, which {} no difference", *pair.low,
                        *pair.high, holds_one ? "includes" : "excludes");
  }
  if (pair.verdict == PairVerdict::equivalent) return text + ": equivalent within 2 %";
  return text + (pair.reason.empty() ? "" : ": " + pair.reason);
}

/// What a reader should know beside the comparisons that were won.
std::string caveat_text(const std::vector<const PairRow*>& won) {
  std::vector<std::string> caveats;
  for (const PairRow* pair : won) {
    for (const std::string& caveat : pair->caveats) {
      if (std::find(caveats.begin(), caveats.end(), caveat) == caveats.end()) {
        caveats.push_back(caveat);
      }
    }
  }
  return caveats.empty() ? "" : fmt::format(" Beside it: {}.", fmt::join(caveats, "; "));
}

bool holds(const SloStanding& standing, const Row& row) {
  return standing.row != nullptr && standing.row->load.label() == row.load.label();
}

/// Whether one of the engines that hold the highest load that any holds is better in goodput there
/// than all others.
void decide(const std::vector<PairRow>& pairs, AtSlo& at) {
  const SloStanding* top = nullptr;
  for (const SloStanding& standing : at.standings) {
    if (standing.row == nullptr) continue;
    if (top == nullptr || advice::lighter(top->row->load, standing.row->load)) top = &standing;
  }
  if (top == nullptr) {
    at.lead =
        fmt::format("No engine is shown to meet the SLO at any measured load of {}.", at.workload);
    return;
  }
  const Row& row = *top->row;
  if (at.standings.size() == 1) {
    at.lead =
        fmt::format("One engine was measured: {} meets the SLO up to {}{}.", top->engine,
                    row.load.label(), top->highest_measured ? ", the highest load measured" : "");
    return;
  }
  for (const SloStanding& candidate : at.standings) {
    if (!holds(candidate, row)) continue;
    std::vector<const PairRow*> won;
    for (const SloStanding& other : at.standings) {
      if (other.engine == candidate.engine) continue;
      const PairRow* pair = find_pair(pairs, kGoodput, row, candidate.engine, other.engine);
      if (pair != nullptr && pair->primary && pair->verdict == PairVerdict::different &&
          pair->better == candidate.engine) {
        won.push_back(pair);
      }
    }
    if (won.size() + 1 < at.standings.size()) continue;
    at.best = candidate.engine;
    at.lead = fmt::format(
        "Goodput of {} is {} under {} at {}; the interval excludes no difference.{}", at.best,
        advice::margin_size_text(won) + " than that of every other engine (" +
            advice::margin_proof_text(won) + ")",
        at.workload, row.load.label(), caveat_text(won));
    return;
  }
  at.lead = fmt::format("Not resolved under {} at {}, the highest load that an engine holds",
                        at.workload, row.load.label());
  bool any = false;
  for (const SloStanding& other : at.standings) {
    if (other.engine == top->engine) continue;
    const PairRow* pair = find_pair(pairs, kGoodput, row, top->engine, other.engine);
    if (pair == nullptr) continue;
    at.lead += (any ? "; " : ": goodput ") + open_text(*pair);
    if (!holds(other, row)) at.lead += fmt::format(", and {} does not hold it", other.engine);
    any = true;
  }
  at.lead += any ? "." : ": there is no comparison of goodput there.";
}

/// In the order of their first engines.
std::vector<std::string> arms_of(const record::StudyResult& result,
                                 const std::vector<std::string>& engines) {
  std::vector<std::string> arms;
  for (const std::string& engine : engines) {
    auto arm = comparison::arm_of(result, engine);
    if (std::find(arms.begin(), arms.end(), arm) == arms.end()) arms.push_back(std::move(arm));
  }
  return arms;
}

}  // namespace

std::string slo_sentence(const record::StudyResult& result) {
  if (!states_slo(result)) return {};
  std::string text;
  for (const auto& [key, name] :
       {std::pair{"ttft_ms", "TTFT"}, std::pair{"tpot_ms", "TPOT"}, std::pair{"e2e_ms", "E2E"}}) {
    const auto& slo = result.study["slo"];
    if (!slo.contains(key) || !slo[key].is_number()) continue;
    text += fmt::format("{}{} {} ms", text.empty() ? "" : ", ", name, slo[key].get<double>());
  }
  return text + fmt::format(", for {:.0f} % of the requests", 100.0 * kAttainmentWanted);
}

std::vector<AtSlo> at_slo(const record::StudyResult& result,
                          const std::vector<WorkloadRows>& workloads) {
  std::vector<AtSlo> found;
  if (!states_slo(result)) return found;
  const auto pairs = advice::pair_rows(result);
  const auto engines = engine_names(result);
  const auto arms = arms_of(result, engines);
  for (const WorkloadRows& workload : workloads) {
    for (const auto kind : {workload::LoadKind::closed, workload::LoadKind::open}) {
      for (const std::string& arm : arms) {
        AtSlo at{workload.workload, arms.size() > 1 ? arm : "", kind, {}, "", ""};
        for (const std::string& engine : engines) {
          if (comparison::arm_of(result, engine) != arm) continue;
          std::vector<const Row*> rows;
          for (const Row& row : workload.rows) {
            if (row.engine == engine && row.load.kind == kind) rows.push_back(&row);
          }
          if (!rows.empty()) at.standings.push_back(standing_of(engine, rows));
        }
        if (at.standings.empty()) continue;
        decide(pairs, at);
        found.push_back(std::move(at));
      }
    }
  }
  return found;
}

}  // namespace tokamark::report
