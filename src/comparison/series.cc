#include "comparison/series.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "stats/quantile.h"

namespace tokamark::comparison {

namespace {

using nlohmann::json;
using record::TrialResult;

std::string describe_codes(const TrialResult& trial) {
  std::string names;
  for (const auto& code : trial.codes) names += (names.empty() ? "" : ", ") + code.code;
  return fmt::format("{} is {}{}{}", trial.id, to_word(trial.verdict), names.empty() ? "" : ": ",
                     names);
}

}  // namespace

std::vector<EngineTrials> group_trials(const record::StudyResult& result,
                                       const std::vector<std::string>& engines) {
  struct Place {
    std::string workload;
    json load;
  };
  std::vector<Place> places;
  for (const TrialResult& trial : result.trials) {
    const Place place{trial.workload, record::to_json(trial.load)};
    const bool known = std::any_of(places.begin(), places.end(), [&](const Place& p) {
      return p.workload == place.workload && p.load == place.load;
    });
    if (!known) places.push_back(place);
  }
  std::vector<EngineTrials> groups;
  for (const Place& place : places) {
    for (const std::string& engine : engines) {
      EngineTrials group{engine, place.workload, {}, {}};
      for (const TrialResult& trial : result.trials) {
        if (trial.engine != engine || trial.workload != place.workload) continue;
        if (record::to_json(trial.load) != place.load) continue;
        group.load = trial.load;
        group.trials.push_back(&trial);
      }
      if (!group.trials.empty()) groups.push_back(std::move(group));
    }
  }
  return groups;
}

std::size_t Series::runs() const {
  std::size_t count = 0;
  for (const auto& [block, values] : logs) count += values.size();
  return count;
}

std::map<std::uint32_t, double> Series::starts() const {
  std::map<std::uint32_t, double> means;
  for (const auto& [block, values] : logs) means[block] = stats::mean(values);
  return means;
}

Series make_series(const EngineTrials& trials, const Metric& metric,
                   std::optional<double> price_per_hour_usd) {
  Series series;
  const auto give_up = [&series](std::string why) {
    series.logs.clear();
    series.reason = std::move(why);
    return series;
  };
  for (const TrialResult* trial : trials.trials) {
    if (trial->verdict != record::Verdict::valid) return give_up(describe_codes(*trial));
  }
  for (const TrialResult* trial : trials.trials) {
    const Reading reading = read(metric, *trial, price_per_hour_usd);
    if (!reading.value) return give_up(fmt::format("{} in {}", reading.reason, trial->id));
    if (*reading.value <= 0.0) {
      return give_up(fmt::format("it is 0 in {}, and ratios need values above 0", trial->id));
    }
    series.logs[trial->repeat].push_back(std::log(*reading.value));
  }
  return series;
}

std::optional<double> price_of(const record::StudyResult& result) {
  const json price = result.study.is_object()
                         ? result.study.value("/hardware/price_per_hour_usd"_json_pointer, json())
                         : json();
  return price.is_number() ? std::optional<double>(price.get<double>()) : std::nullopt;
}

std::vector<std::string> engine_names(const record::StudyResult& result) {
  std::vector<std::string> names;
  const auto add = [&names](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  if (result.study.is_object()) {
    for (const json& spec : result.study.value("engines", json::array())) {
      if (spec.is_object()) add(spec.value("name", ""));
    }
  }
  for (const TrialResult& trial : result.trials) add(trial.engine);
  return names;
}

}  // namespace tokamark::comparison
