#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/error.h"
#include "run/results_folder.h"

namespace tokamark::cli {

/// Blocks before the plan is made, and the most that a budget is spent on.
inline constexpr std::uint32_t kPilotBlocks = 3;
inline constexpr std::uint32_t kMostBlocks = 30;

/// "2h", "90m", "1h30m", "45s" or a plain number of seconds. Kind `usage` on error.
base::Result<double> parse_duration_s(const std::string& text);

/// How many blocks fit: the greatest multiple of three, for 6, 9 and 12 are the numbers that sign
/// tests use well, or, below six, what fits. At least those that are done, at most 30.
std::uint32_t blocks_within(double budget_s, double spent_s, std::uint32_t blocks_done);

/// Decides during a run how many blocks a budget of time holds: after three pilot blocks, by what
/// they took, and then tells what that many are likely to resolve. The decision is written into the
/// folder (budget.json, and `repeats` in plan, study and invocation), so that --resume and reports
/// know it. Not thread-safe; the folder must outlive it.
class Budget {
 public:
  Budget(double budget_s, run::ResultsFolder& folder, std::function<void(const std::string&)> say,
         std::function<double()> elapsed_s);

  /// Before the first block: an interrupted pilot is resumed as a study of six blocks.
  static base::Result<void> prepare(const run::ResultsFolder& folder);

  /// Whether another block is to be run: the gate of run::run_study.
  base::Result<bool> goes_on(std::uint32_t blocks_done);

 private:
  base::Result<void> decide(std::uint32_t blocks_done);

  double budget_s_;
  run::ResultsFolder& folder_;
  std::function<void(const std::string&)> say_;
  std::function<double()> elapsed_s_;
  std::uint32_t planned_ = 0;  ///< 0 = not decided yet
};

}  // namespace tokamark::cli
