#include <algorithm>
#include <set>

#include "advice/cases.h"
#include "advice/wording.h"

namespace tokamark::advice {

namespace {

using nlohmann::json;

/// Verdicts of the primary comparisons.
void add_verdicts(const std::vector<PairRow>& rows, Facts& facts) {
  double blocks = 0.0;
  double different = 0.0;
  double equivalent = 0.0;
  std::vector<double> open;
  for (const PairRow& row : rows) {
    if (!row.primary) continue;
    blocks = std::max(blocks, static_cast<double>(row.blocks));
    different += row.verdict == PairVerdict::different ? 1.0 : 0.0;
    equivalent += row.verdict == PairVerdict::equivalent ? 1.0 : 0.0;
    const bool spans = row.low && row.high && *row.low < 1.0 && *row.high > 1.0;
    if (row.verdict == PairVerdict::not_resolved && spans && row.resolution) {
      open.push_back(*row.resolution);
    }
  }
  facts["blocks"] = blocks;
  facts["primary_different"] = different;
  facts["primary_equivalent"] = equivalent;
  facts["primary_spanning_one"] = static_cast<double>(open.size());
  if (open.empty()) return;
  const auto [least, most] = std::minmax_element(open.begin(), open.end());
  facts["resolution"] = share_range_text(*least, *most);
}

/// Names of settings that differ unmeant and decide results, of all arms.
std::vector<std::string> unequal_settings(const record::StudyResult& result) {
  std::vector<std::string> names;
  const json* arms = find_path(result.fairness, "arms");
  for (std::size_t i = 0; arms != nullptr && arms->is_array() && i < arms->size(); ++i) {
    const json* settings = find_path((*arms)[i], "settings");
    if (settings == nullptr || !settings->is_array()) continue;
    for (const json& setting : *settings) {
      const std::string name = text_under(setting, "name");
      const bool seen = std::find(names.begin(), names.end(), name) != names.end();
      if (text_under(setting, "standing") == "different" && !name.empty() && !seen) {
        names.push_back(name);
      }
    }
  }
  return names;
}

}  // namespace

Facts study_facts(const record::StudyResult& result, const std::vector<PairRow>& rows) {
  std::set<std::string> engines;
  std::set<std::string> loads;
  for (const record::TrialResult& trial : result.trials) {
    engines.insert(trial.engine);
    loads.insert(trial.load.label());
  }
  Facts facts{{"engines_tested", static_cast<double>(engines.size())},
              {"loads_tested", static_cast<double>(loads.size())}};
  add_verdicts(rows, facts);
  const auto unequal = unequal_settings(result);
  facts["settings_unequal"] = !unequal.empty();
  if (!unequal.empty()) facts["unequal_settings"] = list_text(unequal);
  return facts;
}

}  // namespace tokamark::advice
