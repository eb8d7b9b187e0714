// Assembles the schedule of a trial from the workload module's pieces.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/rng.h"
#include "study/plan.h"
#include "workload/arrivals.h"
#include "workload/prompts.h"
#include "workload/synthetic.h"

namespace tokamark::study {

namespace {

/// A closed schedule is cycled; below this length the circle would be noticed.
constexpr std::size_t kLeastClosedRequests = 256;
/// Salted synthetic prompts are drawn from so many texts: their prefixes differ anyhow.
constexpr std::size_t kSyntheticTexts = 1024;
/// Bound on the words of all synthetic prompts of a schedule, about 1.4 GB of text.
constexpr double kMostWords = 2e8;
/// An open load goes on for so long at most after the window, so that the last measured requests
/// end under load (M15).
constexpr double kLongestTail_s = 120.0;
/// Room for the chance in open arrivals where a floor is in requests.
constexpr double kFloorMargin = 1.5;

base::Error study_error(std::string message) {
  return {base::ErrorKind::study, std::move(message)};
}

/// Seconds of arrivals that an open trial can need: warm-up, the longest window it may come to,
/// and the tail.
double open_seconds(const Study& study, const workload::LoadShape& load) {
  const WindowSpec& window = study.window;
  const double warmup_requests = window.warmup_requests.value_or(0);
  const double warmup_s =
      std::max(window.warmup_s, kFloorMargin * warmup_requests / load.rate_per_s);
  const bool time_decides = kFloorMargin * window.requests <= load.rate_per_s * window.seconds;
  const double window_s = time_decides ? window.seconds : longest_window_s(window);
  return warmup_s + window_s + std::min(study.timeouts.total_s, kLongestTail_s);
}

/// Offsets of an open load; as many zeros as needed of a closed one.
base::Result<std::vector<base::Nanos>> release_offsets(const Study& study,
                                                       const PlannedTrial& trial) {
  if (trial.load.kind == workload::LoadKind::closed) {
    const std::size_t wanted = study.window.requests + 2 * std::size_t{trial.load.concurrency};
    return std::vector<base::Nanos>(std::max(wanted, kLeastClosedRequests));
  }
  const double seconds = open_seconds(study, trial.load);
  const double expected = seconds * trial.load.rate_per_s;
  if (expected > 0.9 * static_cast<double>(workload::kMaxArrivals)) {
    return study_error(fmt::format(
        "{}: {} for {:.0f} s is {:.0f} requests; a schedule holds at most {}, so lower the rate, "
        "window.seconds or window.max_seconds",
        trial.id, trial.load.label(), seconds, expected, workload::kMaxArrivals));
  }
  auto offsets = workload::arrival_offsets(trial.load, base::from_seconds(seconds),
                                           base::derive_seed(trial.seed, "arrivals"));
  if (!offsets.empty()) return offsets;
  return study_error(
      fmt::format("{}: no request falls into {:.0f} s at {}; raise the rate, or "
                  "window.seconds",
                  trial.id, seconds, trial.load.label()));
}

/// Synthetic prompts for `count` requests.
base::Result<std::vector<workload::Prompt>> synthetic(const WorkloadSpec& spec,
                                                      const PlannedTrial& trial,
                                                      std::size_t count) {
  const bool salted = spec.salt == workload::Salting::on;
  base::Rng rng(base::derive_seed(trial.seed, "input_tokens"));
  std::vector<std::uint32_t> lengths;
  double words = 0.0;
  for (std::size_t i = 0; i < (salted ? std::min(count, kSyntheticTexts) : count); ++i) {
    lengths.push_back(workload::sample_length(spec.input_tokens, rng));
    words += lengths.back();
  }
  if (words > kMostWords) {
    return study_error(
        fmt::format("{}: the prompts would have {:.0f} tokens in all; at most "
                    "{:.0f} are made, so lower input_tokens or the requests",
                    trial.id, words, kMostWords));
  }
  return workload::synthetic_prompts(lengths, spec.salt, base::derive_seed(trial.seed, "prompts"));
}

/// Fills in prompts and, where the file gives them, their output lengths by prompt.
base::Result<std::vector<std::uint32_t>> add_prompts(const WorkloadSpec& spec,
                                                     const PlannedTrial& trial, std::size_t count,
                                                     workload::Schedule& schedule) {
  std::vector<std::uint32_t> output_tokens;
  if (spec.prompts.empty()) {
    TOKAMARK_TRY(schedule.prompts, synthetic(spec, trial, count));
    output_tokens.resize(schedule.prompts.size());
    return output_tokens;
  }
  TOKAMARK_TRY(auto items, workload::read_prompts(spec.prompts, spec.categories));
  if (items.size() > workload::kMaxArrivals) {
    return study_error(fmt::format("{}: {} prompts; a schedule holds at most {}",
                                   spec.prompts.string(), items.size(), workload::kMaxArrivals));
  }
  for (workload::FilePrompt& item : items) {
    output_tokens.push_back(item.output_tokens);
    schedule.prompts.push_back(std::move(item.prompt));
  }
  return output_tokens;
}

}  // namespace

base::Result<workload::Schedule> make_schedule(const Study& study, const PlannedTrial& trial) {
  const WorkloadSpec& spec = study.workloads.at(trial.workload);
  workload::Schedule schedule;
  schedule.load = trial.load;
  schedule.seed = trial.seed;
  schedule.salting = spec.salt;
  TOKAMARK_TRY(auto offsets, release_offsets(study, trial));
  TOKAMARK_TRY(const auto file_output_tokens, add_prompts(spec, trial, offsets.size(), schedule));
  const auto order =
      workload::equal_issue_order(static_cast<std::uint32_t>(schedule.prompts.size()),
                                  offsets.size(), base::derive_seed(trial.seed, "order"));
  // A closed load plays whole copies of the prompts; an open one ends when its time is over.
  if (trial.load.kind == workload::LoadKind::closed) offsets.resize(order.size());
  base::Rng rng(base::derive_seed(trial.seed, "output_tokens"));
  schedule.requests.reserve(offsets.size());
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    workload::PlannedRequest request;
    request.offset = offsets[i];
    request.prompt = order[i];
    const std::uint32_t drawn = workload::sample_length(spec.output_tokens, rng);
    const std::uint32_t asked = file_output_tokens[order[i]];
    request.output_tokens = asked != 0 ? asked : drawn;
    schedule.requests.push_back(request);
  }
  return schedule;
}

base::Result<void> use_prompts(Study& study, const std::filesystem::path& file) {
  TOKAMARK_TRY(const auto prompts, workload::read_prompts(file, {}));
  static_cast<void>(prompts);
  for (WorkloadSpec& spec : study.workloads) {
    spec.prompts = file;
    spec.categories.clear();
  }
  return base::ok();
}

}  // namespace tokamark::study
