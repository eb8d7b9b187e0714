#include "report/verdicts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "advice/pair_row.h"
#include "advice/wording.h"
#include "report/findings.h"

namespace tokamark::report {
namespace {

using advice::PairRow;
using advice::PairVerdict;

/// Not resolved because the interval is too wide, however wide.
bool too_wide(const PairRow& row) {
  return row.verdict == PairVerdict::not_resolved && row.resolution &&
         row.reason.rfind("not resolved at", 0) == 0;
}

/// Not resolved for another reason, which often holds for all metrics of a pair at a load.
bool held_back(const PairRow& row) {
  return row.verdict == PairVerdict::not_resolved && !too_wide(row);
}

bool same_sentence(const PairRow& a, const PairRow& b) {
  if (a.workload != b.workload || a.a != b.a || a.b != b.b || a.verdict != b.verdict) return false;
  if (held_back(a) || held_back(b)) {
    return held_back(a) == held_back(b) && a.reason == b.reason && a.load.label() == b.load.label();
  }
  if (a.metric != b.metric || a.better != b.better) return false;
  if (a.verdict == PairVerdict::different) {
    const bool lower = advice::margin_of({&a}).lower;
    return lower == advice::margin_of({&b}).lower;
  }
  return true;
}

/// "chat at c=8: TTFT p50 and TPOT p50 of a and b are not resolved: why".
std::string held_back_sentence(const std::vector<const PairRow*>& group) {
  const PairRow& first = *group.front();
  std::vector<std::string> metrics;
  for (const PairRow* row : group) metrics.push_back(advice::metric_words(row->metric));
  return fmt::format("{} at {}: {} of {} and {} {} not resolved{}", first.workload,
                     first.load.label(), advice::list_text(metrics), first.a, first.b,
                     group.size() == 1 ? "is" : "are",
                     first.reason.empty() ? "" : ": " + first.reason);
}

std::string too_wide_text(const std::vector<const PairRow*>& group) {
  const auto narrower = [](const PairRow* a, const PairRow* b) {
    return *a->resolution < *b->resolution;
  };
  const auto [least, most] = std::minmax_element(group.begin(), group.end(), narrower);
  return fmt::format("is not resolved at +-{} ({})",
                     advice::share_range_text(*(*least)->resolution, *(*most)->resolution),
                     advice::blocks_text(group));
}

std::string sentence(const std::vector<const PairRow*>& group) {
  const PairRow& first = *group.front();
  if (held_back(first)) return held_back_sentence(group);
  std::vector<std::string> loads;
  for (const PairRow* row : group) loads.push_back(row->load.label());
  auto text = fmt::format("{} at {}: {} of ", first.workload, advice::list_text(loads),
                          advice::metric_words(first.metric));
  switch (first.verdict) {
    case PairVerdict::different:
      return text + fmt::format("{} is {} than that of {} ({})", first.better,
                                advice::margin_size_text(group), first.other(first.better),
                                advice::margin_proof_text(group));
    case PairVerdict::equivalent:
      return text + fmt::format("{} and {} is equivalent within 2 % ({})", first.a, first.b,
                                advice::blocks_text(group));
    case PairVerdict::not_resolved:
      break;
  }
  return text + fmt::format("{} and {} {}", first.a, first.b, too_wide_text(group));
}

std::string pair_text(const PairRow& row) { return row.a + " / " + row.b; }

/// "a / b and a / c", of which all comparisons have a caveat, or "a / b, TTFT p50 at c=8".
std::string holders_text(const std::vector<const PairRow*>& holders,
                         const std::map<std::string, std::size_t>& comparisons) {
  constexpr std::size_t kMost = 4;
  std::map<std::string, std::size_t> with_it;
  for (const PairRow* row : holders) ++with_it[pair_text(*row)];
  std::vector<std::string> texts;
  for (const PairRow* row : holders) {
    const auto pair = pair_text(*row);
    const bool all = with_it[pair] == comparisons.at(pair);
    const auto text = all ? pair
                          : fmt::format("{}, {} at {}", pair, advice::metric_words(row->metric),
                                        row->load.label());
    if (std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(text);
  }
  const std::size_t more = texts.size() > kMost ? texts.size() - kMost : 0;
  texts.resize(texts.size() - more);
  return more == 0 ? advice::list_text(texts)
                   : fmt::format("{} and {} more", fmt::join(texts, ", "), more);
}

/// Why folders that were put together are not compared.
std::vector<std::string> not_compared(const record::StudyResult& result) {
  std::vector<std::string> reasons;
  if (!result.manifest.is_object()) return reasons;
  const auto found = result.manifest.find("not_compared");
  if (found == result.manifest.end() || !found->is_array()) return reasons;
  for (const auto& reason : *found) {
    if (reason.is_string()) reasons.push_back(reason.get<std::string>());
  }
  return reasons;
}

}  // namespace

VerdictCounts count_verdicts(const record::StudyResult& result) {
  VerdictCounts counts;
  for (const PairRow& row : advice::pair_rows(result)) {
    if (!row.primary) continue;
    counts.different += row.verdict == PairVerdict::different ? 1 : 0;
    counts.equivalent += row.verdict == PairVerdict::equivalent ? 1 : 0;
    counts.not_resolved += row.verdict == PairVerdict::not_resolved ? 1 : 0;
    counts.blocks = std::max(counts.blocks, row.blocks);
  }
  return counts;
}

std::vector<std::string> verdict_sentences(const record::StudyResult& result) {
  const auto rows = advice::pair_rows(result);
  if (count_verdicts(result).blocks < kLeastRepeats) return not_compared(result);
  std::vector<std::vector<const PairRow*>> groups;
  for (const PairRow& row : rows) {
    if (!row.primary) continue;
    const auto group = std::find_if(groups.begin(), groups.end(), [&row](const auto& g) {
      return same_sentence(*g.front(), row);
    });
    if (group == groups.end()) {
      groups.push_back({&row});
    } else {
      group->push_back(&row);
    }
  }
  std::stable_sort(groups.begin(), groups.end(), [](const auto& a, const auto& b) {
    return a.front()->verdict < b.front()->verdict;
  });
  std::vector<std::string> sentences;
  for (const auto& group : groups) sentences.push_back(sentence(group));
  const auto caveats = caveat_sentences(result, Metrics::primary);
  sentences.insert(sentences.end(), caveats.begin(), caveats.end());
  return sentences;
}

std::vector<std::string> caveat_sentences(const record::StudyResult& result, Metrics metrics) {
  const auto rows = advice::pair_rows(result);
  std::map<std::string, std::size_t> comparisons;  // of each pair
  std::vector<std::pair<std::string, std::vector<const PairRow*>>> caveats;
  for (const PairRow& row : rows) {
    if (row.primary != (metrics == Metrics::primary)) continue;
    ++comparisons[pair_text(row)];
    for (const std::string& caveat : row.caveats) {
      auto found = std::find_if(caveats.begin(), caveats.end(),
                                [&caveat](const auto& entry) { return entry.first == caveat; });
      if (found == caveats.end()) found = caveats.insert(found, {caveat, {}});
      found->second.push_back(&row);
    }
  }
  std::vector<std::string> sentences;
  for (const auto& [caveat, holders] : caveats) {
    sentences.push_back(holders_text(holders, comparisons) + ": " + caveat);
  }
  const auto apart = not_compared(result);
  sentences.insert(sentences.end(), apart.begin(), apart.end());
  return sentences;
}

bool is_resolved(const record::StudyResult& result, const std::string& metric,
                 const std::string& workload, const std::string& load,
                 const std::vector<std::string>& engines) {
  const auto among = [&engines](const std::string& engine) {
    return std::find(engines.begin(), engines.end(), engine) != engines.end();
  };
  const auto rows = advice::pair_rows(result);
  return std::any_of(rows.begin(), rows.end(), [&](const PairRow& row) {
    return row.metric == metric && row.workload == workload && row.load.label() == load &&
           among(row.a) && among(row.b) && row.verdict != PairVerdict::not_resolved;
  });
}

std::vector<std::string> recommendation_texts(const record::StudyResult& result) {
  std::vector<std::string> texts;
  if (!result.recommendations.is_array()) return texts;
  for (const auto& entry : result.recommendations) {
    const auto text = entry.is_object() ? entry.find("text") : entry.end();
    if (text != entry.end() && text->is_string()) texts.push_back(text->get<std::string>());
  }
  return texts;
}

}  // namespace tokamark::report
