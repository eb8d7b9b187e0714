#include "report/verdicts.h"

#include <fmt/format.h>

#include <algorithm>

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
  if (count_verdicts(result).blocks < kLeastRepeats) return {};
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
  return sentences;
}

bool is_resolved(const record::StudyResult& result, const std::string& metric,
                 const std::string& workload, const std::string& load) {
  const auto rows = advice::pair_rows(result);
  return std::any_of(rows.begin(), rows.end(), [&](const PairRow& row) {
    return row.metric == metric && row.workload == workload && row.load.label() == load &&
           row.verdict != PairVerdict::not_resolved;
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
