#include <algorithm>
#include <cmath>
#include <set>

#include "advice/cases.h"
#include "advice/wording.h"

namespace tokamark::advice {

namespace {

using nlohmann::json;

bool same_place(const PairRow& row, const EngineCase& place) {
  return row.workload == place.workload && row.load.label() == place.load.label();
}

const EngineCase* find_case(const std::vector<EngineCase>& cases, const EngineCase& place,
                            const std::string& engine) {
  const auto found = std::find_if(cases.begin(), cases.end(), [&](const EngineCase& each) {
    return each.engine == engine && each.workload == place.workload &&
           each.load.label() == place.load.label();
  });
  return found == cases.end() ? nullptr : &*found;
}

/// The rows in which the engine is ahead by a metric, one for each of its rivals; empty unless it
/// is ahead of every one.
std::vector<const PairRow*> winning_rows(const EngineCase& place, const std::string& metric,
                                         const std::vector<PairRow>& rows,
                                         std::set<std::string> rivals) {
  std::vector<const PairRow*> won;
  for (const PairRow& row : rows) {
    if (row.metric != metric || !same_place(row, place)) continue;
    const std::string other = row.other(place.engine);
    if (other.empty()) continue;
    if (!row.primary || row.verdict != PairVerdict::different || row.better != place.engine) {
      return {};
    }
    rivals.erase(other);
    won.push_back(&row);
  }
  return rivals.empty() ? won : std::vector<const PairRow*>{};
}

/// How the engine stands against another by a metric: ahead, behind, equivalent or not_resolved.
std::optional<std::string> standing(const EngineCase& place, const std::string& other,
                                    std::string_view metric, const std::vector<PairRow>& rows) {
  for (const PairRow& row : rows) {
    if (row.metric != metric || !same_place(row, place) || row.other(place.engine) != other)
      continue;
    if (row.verdict == PairVerdict::equivalent) return "equivalent";
    if (row.verdict == PairVerdict::not_resolved) return "not_resolved";
    return row.better == place.engine ? "ahead" : "behind";
  }
  return std::nullopt;
}

/// The engine of the rows that is closest behind.
std::string runner_up(const std::string& engine, const std::vector<const PairRow*>& rows) {
  const auto closest =
      std::min_element(rows.begin(), rows.end(), [](const PairRow* a, const PairRow* b) {
        return std::abs(std::log(*a->ratio)) < std::abs(std::log(*b->ratio));
      });
  return (*closest)->other(engine);
}

Facts winner_facts(const EngineCase& place, const std::string& metric, const std::string& second,
                   const std::vector<PairRow>& rows, const std::vector<EngineCase>& engines) {
  Facts facts = place.facts;
  facts["metric"] = metric_words(metric);
  facts["metric_family"] = metric_family(metric);
  facts["runner_up"] = second;
  if (auto word = standing(place, second, "ttft_p50_ms", rows)) facts["ttft_verdict"] = *word;
  if (auto word = standing(place, second, "tpot_p50_ms", rows)) facts["tpot_verdict"] = *word;
  if (const EngineCase* other = find_case(engines, place, second)) {
    for (const auto& [name, value] : other->facts) facts["runner_up." + name] = value;
  }
  const auto mine = number_of(facts, "requests_waiting_mean");
  const auto its = number_of(facts, "runner_up.requests_waiting_mean");
  if (mine && its && *its > 0.0) facts["waiting_ratio"] = *mine / *its;
  return facts;
}

}  // namespace

std::string arm_of(const record::StudyResult& result, const std::string& engine) {
  const json* engines = find_path(result.study, "engines");
  if (engines == nullptr || !engines->is_array()) return {};
  for (const json& spec : *engines) {
    if (text_under(spec, "name") != engine) continue;
    const json* arms = find_path(spec, "arms");
    const bool named = arms != nullptr && arms->is_array() && !arms->empty();
    return named && arms->front().is_string() ? arms->front().get<std::string>() : std::string();
  }
  return {};
}

std::vector<WinnerCase> winner_cases(const record::StudyResult& result,
                                     const std::vector<PairRow>& rows,
                                     const std::vector<EngineCase>& engines) {
  std::vector<std::string> metrics;
  for (const PairRow& row : rows) {
    const bool seen = std::find(metrics.begin(), metrics.end(), row.metric) != metrics.end();
    if (row.primary && !seen) metrics.push_back(row.metric);
  }
  std::vector<WinnerCase> winners;
  for (const std::string& metric : metrics) {
    for (const EngineCase& place : engines) {
      std::set<std::string> rivals;
      const std::string arm = arm_of(result, place.engine);
      for (const EngineCase& other : engines) {
        if (other.engine != place.engine && other.workload == place.workload &&
            other.load.label() == place.load.label() && arm_of(result, other.engine) == arm) {
          rivals.insert(other.engine);
        }
      }
      auto won = winning_rows(place, metric, rows, std::move(rivals));
      if (won.empty()) continue;
      const std::string second = runner_up(place.engine, won);
      winners.push_back({place.engine, place.workload, metric, place.load,
                         winner_facts(place, metric, second, rows, engines), std::move(won)});
    }
  }
  std::stable_sort(winners.begin(), winners.end(), [&](const WinnerCase& a, const WinnerCase& b) {
    const auto rank = [&engines](const WinnerCase& w) {
      return std::find_if(engines.begin(), engines.end(),
                          [&w](const EngineCase& e) { return e.workload == w.workload; }) -
             engines.begin();
    };
    return rank(a) < rank(b);
  });
  return winners;
}

}  // namespace tokamark::advice
