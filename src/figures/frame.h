#pragma once

#include <string>
#include <vector>

#include "detail/detail.h"
#include "figures/figures.h"
#include "record/result.h"
#include "report/rows.h"

namespace tokamark::figures {

/// What every figure of one workload is made from.
struct Frame {
  const record::StudyResult& result;
  const report::WorkloadRows& workload;
  const detail::StudyDetail& detail;
  std::vector<std::string> engines;  ///< in the study's order; an engine's place is its look
  std::vector<std::string> names;    ///< the same, as safe lines: Vega puts them into expressions
  std::string key;                   ///< the workload as the end of an id: "chat"

  /// The place of a row's engine in `engines`.
  [[nodiscard]] std::size_t index_of(const std::string& engine) const;
  /// What a row's engine is called, of `names`.
  [[nodiscard]] const std::string& name_of(const std::string& engine) const {
    return names[index_of(engine)];
  }
  /// The detail of a trial, or null.
  [[nodiscard]] const detail::TrialDetail* detail_of(const record::TrialResult& trial) const;
  /// "TITLE: WORKLOAD (SIMULATED)".
  [[nodiscard]] std::string title(const std::string& what) const;
};

Frame make_frame(const record::StudyResult& result, const report::WorkloadRows& workload,
                 const detail::StudyDetail& detail);

/// The distinct loads of the rows, in order.
std::vector<workload::LoadShape> loads(const report::WorkloadRows& workload);
/// Those of one kind.
std::vector<workload::LoadShape> loads(const report::WorkloadRows& workload,
                                       workload::LoadKind kind);
/// Concurrency, or requests/s.
double load_position(const workload::LoadShape& load);

/// One limit of the study's SLO in milliseconds ("ttft_ms", "tpot_ms", "e2e_ms"), where it is
/// stated.
std::optional<double> slo_limit(const Frame& frame, const char* name);

/// The first valid trial of a row, else its first; a row has at least one.
const record::TrialResult& chosen_trial(const report::Row& row);

/// The rows at the greatest load at which the most engines have a valid trial with raw files
/// behind it, one an engine; empty where no trial has.
std::vector<const report::Row*> busiest_rows(const Frame& frame);

/// Milliseconds, or seconds where ten of them are reached; other units as they are.
struct Scale {
  std::string unit;
  double factor = 1.0;
};
Scale choose_scale(const std::string& unit, double most);

}  // namespace tokamark::figures
