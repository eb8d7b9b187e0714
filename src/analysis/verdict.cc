#include "analysis/verdict.h"

#include <fmt/core.h>

#include <algorithm>

#include "analysis/codes.h"
#include "analysis/judges_internal.h"
#include "analysis/metrics.h"
#include "analysis/reconcile.h"
#include "analysis/speed_of_light.h"
#include "base/assert.h"

namespace tokamark::analysis {

using record::RequestRecord;
using record::TrialResult;

void Case::raise(const char* code, std::string evidence) const {
  const CodeInfo* info = find_code(code);
  TOKAMARK_ASSERT(info != nullptr);
  trial.codes.push_back({code, std::move(evidence), std::string(info->advice)});
}

bool Case::raised(const char* code) const {
  return std::any_of(trial.codes.begin(), trial.codes.end(),
                     [code](const record::VerdictCode& c) { return c.code == code; });
}

namespace {

/// Methodology M31: the window's energy over the tokens that arrived in it.
void add_energy_per_token(TrialResult& trial) {
  record::TrialResources& resources = trial.resources;
  const double tokens =
      trial.metrics.output_tokens_per_s.value_or(0.0) * (trial.window_end_s - trial.window_start_s);
  if (resources.gpu_energy_j && tokens > 0.0) {
    resources.gpu_energy_per_output_token_j = *resources.gpu_energy_j / tokens;
    return;
  }
  const auto why = resources.reasons.find("gpu_energy_j");
  resources.reasons["gpu_energy_per_output_token_j"] =
      resources.gpu_energy_j           ? "no output token arrived in the window"
      : why != resources.reasons.end() ? why->second
                                       : "the energy is not known";
}

}  // namespace

TrialResult analyse(const TrialFacts& facts, std::span<const RequestRecord> records) {
  TrialResult trial;
  trial.id = facts.id;
  trial.engine = facts.engine;
  trial.workload = facts.workload;
  trial.load = facts.load;
  trial.repeat = facts.repeat;
  trial.run = facts.run;
  trial.window_start_s = base::to_seconds(std::max(facts.window_start, base::Nanos(0)));
  trial.window_end_s = base::to_seconds(std::max(facts.window_end, base::Nanos(0)));
  trial.schedule_sha256 = facts.schedule_sha256;
  trial.resources = facts.resources;
  trial.server = facts.server;
  trial.calibration = facts.calibration;
  trial.engine_info = facts.engine_info;
  trial.counts = compute_counts(records);
  trial.metrics = compute_metrics(facts, records);
  add_energy_per_token(trial);
  trial.client = compute_client(facts, records);
  trial.checks = compute_checks(facts, records);
  trial.speed_of_light = speed_of_light(facts, trial, records);
  const Case c{facts, records, facts.validity, trial};
  if (!facts.stopped.empty()) {
    c.raise("stopped", facts.stopped);
    trial.verdict = record::Verdict::incomplete;
    return trial;
  }
  if (facts.never_warm) {
    c.raise("never_warm",
            fmt::format("after {} probes the last 20 still differ by more than {:.0f} % from the "
                        "20 before",
                        facts.probes, 100.0 * facts.validity.settled_share));
  }
  judge_requests(c);
  judge_client(c);
  judge_work(c);
  judge_streaming(c);
  judge_load(c);
  judge_machine(c);
  trial.verdict = trial.codes.empty() ? record::Verdict::valid : record::Verdict::invalid;
  return trial;
}

}  // namespace tokamark::analysis
