#pragma once

#include <optional>
#include <string>
#include <vector>

#include "record/result.h"

namespace tokamark::advice {

/// What the runs say of two engines (methodology M23).
enum class PairVerdict { different, equivalent, not_resolved };

/// One entry of `comparisons` of results.json, as docs/RESULT_FORMAT.md describes it.
struct PairRow {
  std::string metric, workload, a, b;
  workload::LoadShape load;
  bool primary = false;
  std::size_t blocks = 0;                  ///< R: blocks in which both have a value
  std::optional<double> ratio, low, high;  ///< a / b, and its 95 % interval
  std::optional<double> resolution;        ///< half-width of that, as a share
  PairVerdict verdict = PairVerdict::not_resolved;
  std::string better;  ///< a's or b's name; empty unless different
  std::string reason;  ///< why it is not resolved
  std::vector<std::string> caveats;

  /// The other engine of the pair; empty when the name is neither.
  [[nodiscard]] std::string other(const std::string& engine) const;
};

/// The entries of `comparisons`, in order. Never fails: an entry without names or a load is left
/// out, and one that is called different without ratio, interval and a better engine is read as
/// not resolved.
std::vector<PairRow> pair_rows(const record::StudyResult& result);

/// "comparisons: ttft_p99_ms chat c=8 vllm/sglang": how a recommendation refers to an entry.
std::string reference(const PairRow& row);

}  // namespace tokamark::advice
