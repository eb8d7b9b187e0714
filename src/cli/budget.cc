#include "cli/budget.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <regex>
#include <set>
#include <tuple>

#include "comparison/forecast.h"
#include "comparison/ratio.h"
#include "stats/quantile.h"

namespace tokamark::cli {

namespace {

using nlohmann::json;

constexpr std::size_t kForecastsSaid = 3;

/// Says the number of blocks wherever it stands. The plan keeps all its trials in `all_trial_ids`.
base::Result<void> write_repeats(const run::ResultsFolder& folder, std::uint32_t blocks) {
  TOKAMARK_TRY(json plan, folder.read_json("plan.json"));
  if (!plan.contains("all_trial_ids")) plan["all_trial_ids"] = plan["trial_ids"];
  json kept = json::array();
  for (const json& id : plan["all_trial_ids"]) {
    // "r12-engine-…" or "r12.2-engine-…"
    if (std::stoul(id.get<std::string>().substr(1)) <= blocks) kept.push_back(id);
  }
  plan["trial_ids"] = kept;
  TOKAMARK_TRY_VOID(folder.write_text("plan.json", plan.dump(2) + "\n"));
  TOKAMARK_TRY(json study, folder.read_json("study.json"));
  study["repeats"] = blocks;
  TOKAMARK_TRY_VOID(folder.write_text("study.json", study.dump(2) + "\n"));
  TOKAMARK_TRY(json invocation, folder.read_json("invocation.json"));
  for (json& change : invocation["overrides"]) {
    if (change.value("path", "") == "repeats") change["value"] = std::to_string(blocks);
  }
  return folder.write_text("invocation.json", invocation.dump(2) + "\n");
}

/// Seconds, on average: of a start of an engine, and of one run of all its loads.
struct Costs {
  double start_s = 1.0, run_s = 1.0;
};

Costs costs_of(const record::StudyResult& result, double spent_s) {
  std::set<std::pair<std::string, std::uint32_t>> starts;
  std::set<std::tuple<std::string, std::uint32_t, std::uint32_t>> runs;
  double loaded_s = 0.0;
  for (const record::TrialResult& trial : result.trials) {
    starts.insert({trial.engine, trial.repeat});
    runs.insert({trial.engine, trial.repeat, trial.run});
    loaded_s += trial.window_end_s;
  }
  Costs costs;
  if (starts.empty()) return costs;
  costs.run_s = std::max(0.001, loaded_s / static_cast<double>(runs.size()));
  costs.start_s = std::max(0.001, (spent_s - loaded_s) / static_cast<double>(starts.size()));
  return costs;
}

/// The middle of what the engines' primary metrics ask for.
std::string split_text(const json& splits) {
  std::vector<double> runs;
  for (const json& split : splits) runs.push_back(split["best_runs_per_start"].get<double>());
  return fmt::format(
      "budget: by the variances between starts and between runs, runs_per_start: {:.0f} would "
      "spend the time best (the median over engines and primary metrics; budget.json has each)",
      stats::median(runs));
}

}  // namespace

base::Result<double> parse_duration_s(const std::string& text) {
  static const std::regex kForm(
      R"((?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?)");
  std::smatch parts;
  double seconds = 0.0;
  if (!text.empty() && std::regex_match(text, parts, kForm)) {
    const std::array<double, 3> unit{3600.0, 60.0, 1.0};
    for (std::size_t i = 0; i < unit.size(); ++i) {
      if (parts[i + 1].matched) seconds += unit.at(i) * std::stod(parts[i + 1].str());
    }
  }
  if (seconds > 0.0) return seconds;
  return base::Error{base::ErrorKind::usage,
                     fmt::format("'{}' is no length of time; write 2h, 90m or 1h30m", text)};
}

std::uint32_t blocks_within(double budget_s, double spent_s, std::uint32_t blocks_done) {
  const double block_s = spent_s / blocks_done;
  const double more = std::max(0.0, std::floor((budget_s - spent_s) / block_s));
  const auto fit =
      static_cast<std::uint32_t>(std::min(static_cast<double>(kMostBlocks), blocks_done + more));
  return std::max(blocks_done, fit < comparison::kLeastForVerdict ? fit : fit - fit % 3);
}

Budget::Budget(double budget_s, run::ResultsFolder& folder,
               std::function<void(const std::string&)> say, std::function<double()> elapsed_s)
    : budget_s_(budget_s),
      folder_(folder),
      say_(std::move(say)),
      elapsed_s_(std::move(elapsed_s)) {}

base::Result<void> Budget::prepare(const run::ResultsFolder& folder) {
  return write_repeats(folder, static_cast<std::uint32_t>(comparison::kLeastForVerdict));
}

base::Result<bool> Budget::goes_on(std::uint32_t blocks_done) {
  if (planned_ == 0 && blocks_done >= kPilotBlocks) TOKAMARK_TRY_VOID(decide(blocks_done));
  return planned_ == 0 || blocks_done < planned_;
}

base::Result<void> Budget::decide(std::uint32_t blocks_done) {
  const double spent_s = elapsed_s_();
  planned_ = blocks_within(budget_s_, spent_s, blocks_done);
  say_(fmt::format("budget: {} blocks took {:.0f} s, so {:.0f} s hold {} blocks{}", blocks_done,
                   spent_s, budget_s_, planned_,
                   planned_ < comparison::kLeastForVerdict
                       ? fmt::format("; a verdict needs {}", comparison::kLeastForVerdict)
                       : ""));
  TOKAMARK_TRY(const record::StudyResult result, folder_.rebuild());
  json forecasts = json::array();
  const std::size_t blocks = std::max<std::size_t>(planned_, 2);
  for (const comparison::Forecast& f : comparison::forecast(result, blocks)) {
    if (forecasts.size() < kForecastsSaid) say_("budget: " + comparison::to_text(f, blocks));
    forecasts.push_back({{"metric", f.metric},
                         {"workload", f.workload},
                         {"load", record::to_json(f.load)},
                         {"a", f.a},
                         {"b", f.b},
                         {"resolution", f.resolution}});
  }
  json splits = json::array();
  const Costs costs = costs_of(result, spent_s);
  for (const comparison::Split& split :
       comparison::best_splits(result, costs.start_s, costs.run_s)) {
    splits.push_back({{"engine", split.engine},
                      {"metric", split.metric},
                      {"workload", split.workload},
                      {"load", record::to_json(split.load)},
                      {"between_starts_share", split.between_starts_share},
                      {"best_runs_per_start", split.runs}});
  }
  if (!splits.empty()) say_(split_text(splits));
  const json decision{{"budget_s", budget_s_},  {"pilot_blocks", blocks_done},
                      {"pilot_s", spent_s},     {"planned_blocks", planned_},
                      {"forecasts", forecasts}, {"splits", splits}};
  TOKAMARK_TRY_VOID(folder_.write_text("budget.json", decision.dump(2) + "\n"));
  return write_repeats(folder_, planned_);
}

}  // namespace tokamark::cli
