#pragma once

#include <string>
#include <vector>

#include "record/result.h"

namespace tokamark::report {

/// How many of the primary comparisons were decided which way.
struct VerdictCounts {
  std::size_t different = 0, equivalent = 0, not_resolved = 0;
  std::size_t blocks = 0;  ///< the most behind any of them
};
VerdictCounts count_verdicts(const record::StudyResult& result);

/// What `comparisons` says of pairs of engines by the primary metrics, differences first: "chat at
/// c=8: TTFT p99 of a is 12 % lower than that of b (95 % interval 8.0 % to 16 %, 9 blocks)". Loads
/// with the same verdict share a sentence. Empty when no comparison has the blocks for a verdict.
std::vector<std::string> verdict_sentences(const record::StudyResult& result);

/// Whether a pair of engines was told apart, or found equivalent, by the metric there.
bool is_resolved(const record::StudyResult& result, const std::string& metric,
                 const std::string& workload, const std::string& load);

/// The texts of `recommendations`, in order.
std::vector<std::string> recommendation_texts(const record::StudyResult& result);

/// What stands where there is no recommendation.
inline constexpr const char* kNothingToRecommend = "There is nothing to recommend.";

/// One line of the table of comparisons; raw text.
struct ComparisonLine {
  std::string workload, load, metric, engines;  ///< engines as "a / b"
  std::string ratio, interval, blocks;          ///< "-" where not known
  std::string verdict;                          ///< "a ahead", "equivalent", or "~": not resolved
  std::string reason;                           ///< of "~"
};

enum class Metrics { primary, others };
std::vector<ComparisonLine> comparison_lines(const record::StudyResult& result, Metrics metrics);

/// The table of the primary comparisons; empty without any.
std::string comparisons_markdown(const record::StudyResult& result);
/// The same, and that of the other metrics folded away.
std::string comparisons_html(const record::StudyResult& result);

}  // namespace tokamark::report
