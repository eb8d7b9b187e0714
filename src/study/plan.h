#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "study/study.h"
#include "workload/schedule.h"

namespace tokamark::study {

/// One trial to run: one engine, workload, load level and repeat.
struct PlannedTrial {
  std::string id;            ///< "r1-vllm-chat-c8"; letters, digits, '.', '_' and '-' only
  std::uint32_t repeat = 1;  ///< 1-based
  std::uint32_t run = 1;     ///< within the repeat's start of the engine, 1-based
  std::size_t engine = 0;    ///< index into Study::engines
  std::size_t workload = 0;  ///< index into Study::workloads
  workload::LoadShape load;
  /// Derived from the study's seed, the repeat, run, workload and load, but not the engine: every
  /// engine of a block replays the same schedule (methodology M22).
  std::uint64_t seed = 0;
};

/// One start of one engine, and the trials it serves, in order.
struct EngineVisit {
  std::uint32_t repeat = 1;
  std::size_t engine = 0;
  std::vector<PlannedTrial> trials;
};

/// The expanded study. A repeat is a block: each engine is visited once, in an order drawn from
/// the seed (methodology M22).
struct Plan {
  std::vector<EngineVisit> visits;
  [[nodiscard]] std::size_t trial_count() const;
  /// Lower bound of the run: warm-ups and windows, without engine starts.
  [[nodiscard]] double expected_seconds(const Study& study) const;
};

/// Expands a valid study; `only_engines` keeps just those names (empty = all). An unknown name is
/// an error of kind `usage` that lists the known ones.
base::Result<Plan> make_plan(const Study& study, const std::vector<std::string>& only_engines);

/// A block, and a run within its start of the engine; both from 1.
struct Turn {
  std::uint32_t repeat = 1, run = 1;
};

/// One trial with its id and seed. The first run of a start is named and seeded as if it were the
/// only one, so that a study keeps its trials when it asks for more.
PlannedTrial make_trial(const Study& study, Turn turn, std::size_t engine, std::size_t workload,
                        const workload::LoadShape& load);

/// The schedule of one trial. Errors of kind `study` when prompts cannot be read or are too few.
base::Result<workload::Schedule> make_schedule(const Study& study, const PlannedTrial& trial);

/// The longest window: `max_seconds`, or ten times `seconds` when that is 0.
double longest_window_s(const WindowSpec& window);

/// The plan as JSON (plan.json) and as text for --dry-run: trials, order, requests, expected
/// duration, and the exact engine command lines.
nlohmann::json to_json(const Plan& plan, const Study& study);
base::Result<std::string> describe_plan(const Plan& plan, const Study& study);

}  // namespace tokamark::study
