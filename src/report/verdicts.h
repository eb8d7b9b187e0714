#pragma once

#include <string>
#include <vector>

#include "record/result.h"
#include "report/table.h"

namespace tokamark::report {

/// How many of the primary comparisons were decided which way.
struct VerdictCounts {
  std::size_t different = 0, equivalent = 0, not_resolved = 0;
  std::size_t blocks = 0;  ///< the most behind any of them
};
VerdictCounts count_verdicts(const record::StudyResult& result);

/// What `comparisons` says of pairs of engines by the primary metrics, differences first: "chat at
/// c=8: TTFT p99 of a is 12 % lower than that of b (95 % interval 8.0 % to 16 %, 9 blocks)". Loads
/// with the same verdict share a sentence; caveats follow. When no comparison has the blocks for a
/// verdict, only why folders were not compared.
std::vector<std::string> verdict_sentences(const record::StudyResult& result);

enum class Metrics { primary, others };

/// What a reader should know beside the comparisons by these metrics, and folders that could not be
/// compared: "a / b: not known to be equal: tokenizer"; "a / b, TTFT p50 at c=8: rests on block 2".
std::vector<std::string> caveat_sentences(const record::StudyResult& result, Metrics metrics);

/// Whether a pair of these engines was told apart, or found equivalent, by the metric there.
bool is_resolved(const record::StudyResult& result, const std::string& metric,
                 const std::string& workload, const std::string& load,
                 const std::vector<std::string>& engines);

/// The texts of `recommendations`, in order.
std::vector<std::string> recommendation_texts(const record::StudyResult& result);

/// What stands where there is no recommendation.
inline constexpr const char* kNothingToRecommend = "There is nothing to recommend.";

/// Pairs of engines by metric: ratio, interval, blocks, and "a ahead", "equivalent" or "~" (not
/// resolved) with the reason. Without rows where there is no comparison.
Table comparison_table(const record::StudyResult& result, Metrics metrics);

/// What the ratios and marks of that table are.
inline constexpr const char* kComparisonLegend =
    "Each ratio is the first engine's value over the second's, the geometric mean over blocks, or, "
    "where a note says not paired, over starts, with its 95 % interval; ~ is a pair that is not "
    "resolved.";

}  // namespace tokamark::report
