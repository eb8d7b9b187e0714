#pragma once

#include <span>
#include <string>

#include "analysis/trial_facts.h"
#include "record/request_record.h"
#include "record/result.h"

namespace tokamark::analysis {

/// A trial before its judges: metrics, counts, client costs and checks are there, codes are added.
struct Case {
  const TrialFacts& facts;
  std::span<const record::RequestRecord> records;
  const Thresholds& limits;
  record::TrialResult& trial;

  /// Adds a code with its advice.
  void raise(const char* code, std::string evidence) const;
  [[nodiscard]] bool raised(const char* code) const;
};

/// errors, too_few_requests.
void judge_requests(const Case& c);
/// client_late, clock_stepped, client_inaccurate, client_limited: whether the client was fit.
void judge_client(const Case& c);
/// token_count_mismatch, unequal_output, cache_warm: whether the work was as planned.
void judge_work(const Case& c);
/// not_streaming, shared_reads: whether tokens can be told apart in time.
void judge_streaming(const Case& c);
/// clock_confounded by one trial's own samples, dirty_machine: whether the machine was fit.
void judge_machine(const Case& c);
/// littles_law, unstable: whether the load was held, and the engine with it.
void judge_load(const Case& c);

}  // namespace tokamark::analysis
