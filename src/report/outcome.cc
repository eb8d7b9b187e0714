#include "report/outcome.h"

#include <algorithm>

#include "report/findings.h"
#include "report/text.h"
#include "report/verdicts.h"

namespace tokamark::report {
namespace {

std::string best_text(const AtSlo& at, std::size_t of_workload) {
  std::string place = at.workload + (at.arm.empty() ? "" : ", arm " + at.arm);
  if (of_workload > 1) {
    place += at.kind == workload::LoadKind::closed ? ", closed loads" : ", open loads";
  }
  if (!at.best.empty()) return place + ": " + at.best;
  const auto holding = std::count_if(at.standings.begin(), at.standings.end(),
                                     [](const SloStanding& s) { return s.row != nullptr; });
  if (holding == 0) return place + ": none is shown to meet it";
  if (at.standings.size() == 1) {
    return place + ": " + at.standings.front().engine + ", the only one measured";
  }
  return place + ": not resolved";
}

}  // namespace

Outcome outcome_of(const record::StudyResult& result, const std::vector<WorkloadRows>& workloads) {
  Outcome outcome;
  outcome.validity = verdict_sentence(result);
  const bool all_valid =
      !result.trials.empty() &&
      std::all_of(result.trials.begin(), result.trials.end(),
                  [](const auto& trial) { return trial.verdict == record::Verdict::valid; });
  const bool all_there = missing_sentence(result).empty();
  outcome.valid = all_valid && all_there;
  outcome.heading = outcome.valid ? "Valid" : all_valid ? "Not all measured" : "Not all valid";
  for (const CodeNote& note : code_notes(result)) {
    auto& list = note.decisive ? outcome.failed : outcome.warned;
    list.push_back(note.code + ": " + count_of(note.trials.size(), "trial"));
  }
  const auto standings = at_slo(result, workloads);
  for (const AtSlo& at : standings) {
    const auto of_workload = std::count_if(
        standings.begin(), standings.end(),
        [&at](const AtSlo& other) { return other.workload == at.workload && other.arm == at.arm; });
    outcome.best.push_back(best_text(at, static_cast<std::size_t>(of_workload)));
    outcome.leads.push_back(at.lead);
  }
  if (!standings.empty()) return outcome;
  outcome.best = {"The study states no SLO, so no engine is best at one."};
  constexpr std::size_t kMostLeads = 3;
  outcome.leads = verdict_sentences(result);
  if (outcome.leads.size() > kMostLeads) outcome.leads.resize(kMostLeads);
  if (outcome.leads.empty()) outcome.leads = {support_sentence(result, workloads)};
  return outcome;
}

}  // namespace tokamark::report
