#include "advice/winner_context.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "advice/wording.h"

namespace tokamark::advice {

namespace {

using Labels = std::vector<std::string>;

/// Keys with the loads they hold at, in order of first appearance.
class LoadsBy {
 public:
  void add(const std::string& key, const std::string& load) {
    const auto found = std::find_if(entries_.begin(), entries_.end(),
                                    [&key](const auto& entry) { return entry.first == key; });
    if (found == entries_.end()) {
      entries_.push_back({key, {load}});
    } else if (found->second.back() != load) {
      found->second.push_back(load);
    }
  }
  [[nodiscard]] const std::vector<std::pair<std::string, Labels>>& entries() const {
    return entries_;
  }

 private:
  std::vector<std::pair<std::string, Labels>> entries_;
};

Labels loads_in(const WinnerGroup& group) {
  Labels labels;
  for (const WinnerCase* each : group) labels.push_back(each->load.label());
  return labels;
}

bool contains(const Labels& labels, const std::string& label) {
  return std::find(labels.begin(), labels.end(), label) != labels.end();
}

std::string margins(const WinnerGroup& group) {
  std::vector<std::pair<std::string, std::vector<const PairRow*>>> rivals;
  for (const WinnerCase* each : group) {
    for (const PairRow* row : each->rows) {
      const std::string other = row->other(each->engine);
      auto found = std::find_if(rivals.begin(), rivals.end(),
                                [&other](const auto& rival) { return rival.first == other; });
      if (found == rivals.end()) {
        rivals.emplace_back(other, std::vector<const PairRow*>{});
        found = rivals.end() - 1;
      }
      found->second.push_back(row);
    }
  }
  std::vector<std::string> texts;
  for (const auto& [other, rows] : rivals) texts.push_back(margin_text(rows) + " than in " + other);
  return fmt::format("{} is {}", metric_words(group.front()->metric), list_text(texts));
}

/// Primary metrics by which another engine is ahead of this one at the same loads.
std::string against(const WinnerGroup& group, const std::vector<PairRow>& rows,
                    const Labels& all_loads) {
  const WinnerCase& first = *group.front();
  const Labels here = loads_in(group);
  LoadsBy behind;
  for (const PairRow& row : rows) {
    const std::string other = row.other(first.engine);
    if (other.empty() || !row.primary || row.workload != first.workload) continue;
    if (row.verdict != PairVerdict::different || row.better == first.engine) continue;
    if (!contains(here, row.load.label())) continue;
    behind.add(fmt::format("{} by {}", other, metric_words(row.metric)), row.load.label());
  }
  std::vector<std::string> parts;
  for (const auto& [key, loads] : behind.entries()) {
    parts.push_back(key + " at " + loads_text(loads, all_loads));
  }
  return parts.empty() ? "" : fmt::format(" But it is behind {}.", list_text(parts));
}

/// How the engines stand by this metric at a load that is not of the group.
std::string standing_at(const WinnerCase& first, const std::string& load,
                        const std::vector<WinnerCase>& all, const std::vector<PairRow>& rows) {
  for (const WinnerCase& other : all) {
    const bool there = other.workload == first.workload && other.load.label() == load;
    const bool rival = std::any_of(rows.begin(), rows.end(), [&](const PairRow& row) {
      return row.other(first.engine) == other.engine;
    });
    if (there && rival && other.metric == first.metric) return other.engine + " is ahead";
  }
  std::size_t pairs = 0;
  std::size_t equivalent = 0;
  for (const PairRow& row : rows) {
    if (row.metric != first.metric || row.workload != first.workload) continue;
    if (row.load.label() != load || row.other(first.engine).empty()) continue;
    ++pairs;
    equivalent += row.verdict == PairVerdict::equivalent ? 1 : 0;
  }
  if (pairs == 0) return "it is not compared";
  return pairs == equivalent ? "the engines are equivalent within 2 %" : "it is not resolved";
}

std::string elsewhere(const WinnerGroup& group, const std::vector<WinnerCase>& all,
                      const std::vector<PairRow>& rows, const Labels& all_loads) {
  const Labels here = loads_in(group);
  LoadsBy standings;
  for (const std::string& load : all_loads) {
    if (contains(here, load)) continue;
    standings.add(standing_at(*group.front(), load, all, rows), load);
  }
  std::string text;
  for (const auto& [standing, loads] : standings.entries()) {
    text += fmt::format(" At {} {}.", loads_text(loads, all_loads), standing);
  }
  return text;
}

std::string slo_note(const record::StudyResult& result, const WinnerGroup& group) {
  const std::string slo = slo_text(result);
  if (slo.empty()) return " The study states no SLO.";
  std::vector<double> shares;
  for (const WinnerCase* each : group) {
    const auto share = number_of(each->facts, "slo_attainment");
    if (share) shares.push_back(*share);
  }
  if (shares.size() != group.size()) return fmt::format(" SLO: {}; attainment not known.", slo);
  const auto [least, most] = std::minmax_element(shares.begin(), shares.end());
  return fmt::format(" SLO: {}; {} of the requests met it.", slo, share_range_text(*least, *most));
}

/// How near the engine comes to what the model and the GPU allow (docs/METRICS.md).
std::string light_note(const WinnerGroup& group) {
  std::vector<double> shares;
  for (const WinnerCase* each : group) {
    const auto share = number_of(each->facts, "speed_of_light.tpot_fraction");
    if (share && *share <= 1.0) shares.push_back(*share);
  }
  if (shares.empty() || shares.size() != group.size()) return {};
  const auto [least, most] = std::minmax_element(shares.begin(), shares.end());
  return fmt::format(" Its TPOT is at {} of the speed of light of this model and GPU.",
                     share_range_text(*least, *most));
}

/// Cost stands with its rate, its price and what it leaves out (methodology M32).
std::string cost_note(const record::StudyResult& result, const WinnerGroup& group) {
  const auto price = number_under(result.study, "hardware/price_per_hour_usd");
  const auto date = text_under(result.study, "hardware/price_date");
  std::vector<std::string> parts;
  for (const WinnerCase* each : group) {
    const EngineCase place{each->engine, each->workload, each->load, {}};
    const auto* cost = find_estimate(result, place, "cost_per_million_output_tokens_usd");
    const auto value = cost == nullptr ? std::nullopt : number_under(*cost, "median");
    if (!price || !value) continue;
    const auto low = number_under(*cost, "low");
    const auto high = number_under(*cost, "high");
    std::string text = fmt::format("{:.3g}", *value);
    if (low && high) text += fmt::format(" ({:.3g} to {:.3g})", *low, *high);
    const auto rate = number_of(each->facts, "output_tokens_per_s");
    text += " at " + each->load.label();
    if (rate) text += fmt::format(" and {:.0f} tokens/s", *rate);
    parts.push_back(std::move(text));
  }
  if (parts.empty()) return {};
  return fmt::format(
      " Cost, in USD for a million output tokens: {}; at the study's price of {:g} USD an hour "
      "({}), "
      "input tokens not priced apart.",
      list_text(parts), *price, date.empty() ? "of no stated date" : "of " + date);
}

std::string caveats(const WinnerGroup& group) {
  std::vector<std::string> found;
  for (const WinnerCase* each : group) {
    for (const PairRow* row : each->rows) {
      for (const std::string& caveat : row->caveats) {
        if (!contains(found, caveat)) found.push_back(caveat);
      }
    }
  }
  return found.empty() ? "" : fmt::format(" Mind: {}.", fmt::join(found, "; "));
}

std::string not_tested(const record::StudyResult& result, const WinnerCase& first,
                       const Labels& all_loads) {
  std::set<std::string> with_trials;
  for (const record::TrialResult& trial : result.trials) {
    if (trial.workload == first.workload) with_trials.insert(trial.engine);
  }
  std::vector<std::string> missing;
  const auto* engines = find_path(result.study, "engines");
  for (std::size_t i = 0; engines != nullptr && engines->is_array() && i < engines->size(); ++i) {
    const std::string name = text_under((*engines)[i], "name");
    const bool same_arm = arm_of(result, name) == arm_of(result, first.engine);
    if (!name.empty() && same_arm && with_trials.count(name) == 0) missing.push_back(name);
  }
  return fmt::format(
      " Not tested: {}loads other than {}, other prompts than those of {}, other "
      "models and machines.",
      missing.empty() ? "" : list_text(missing) + ", ", list_text(all_loads), first.workload);
}

}  // namespace

const std::vector<std::string>& winner_field_names() {
  static const std::vector<std::string> kNames{"loads",     "cause",      "margins",  "against",
                                               "elsewhere", "light_note", "slo_note", "cost_note",
                                               "caveats",   "not_tested"};
  return kNames;
}

Fields winner_fields(const record::StudyResult& result, const WinnerGroup& group,
                     const std::vector<WinnerCase>& all, const std::vector<PairRow>& rows) {
  const WinnerCase& first = *group.front();
  const Labels all_loads = loads_of(result, first.workload);
  return {{"margins", margins(group)},
          {"against", against(group, rows, all_loads)},
          {"elsewhere", elsewhere(group, all, rows, all_loads)},
          {"light_note", light_note(group)},
          {"slo_note", slo_note(result, group)},
          {"cost_note", cost_note(result, group)},
          {"caveats", caveats(group)},
          {"not_tested", not_tested(result, first, all_loads)}};
}

}  // namespace tokamark::advice
