#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "advice/pair_row.h"

namespace tokamark::advice {

/// A metric of `comparisons` in words: "TTFT p99", "output tokens/s". One that is not known is
/// written as it is named.
std::string metric_words(std::string_view metric);

/// "ttft", "tpot", "itl", "e2e", "throughput", "energy", "cost", or "other".
std::string metric_family(std::string_view metric);

/// How far the better engine of rows is ahead, as shares of the other's value; with several rows,
/// from the least to the most, and the outermost ends of their intervals.
struct Margin {
  bool lower = false;  ///< its value is the lower one
  double least = 0.0, most = 0.0;
  double interval_low = 0.0, interval_high = 0.0;
};

/// All rows must have the verdict `different`, the same better engine and metric; at least one.
Margin margin_of(const std::vector<const PairRow*>& rows);

/// "12 % lower"; of several rows "8.2 % to 12 % lower".
std::string margin_size_text(const std::vector<const PairRow*>& rows);
/// "95 % interval 8.0 % to 16 %, 9 blocks"; of several rows "95 % intervals within 5.0 % to 16 %, 9
/// blocks".
std::string margin_proof_text(const std::vector<const PairRow*>& rows);
/// "12 % lower (95 % interval 8.0 % to 16 %, 9 blocks)".
std::string margin_text(const std::vector<const PairRow*>& rows);

/// "9 blocks", "8 to 9 blocks".
std::string blocks_text(const std::vector<const PairRow*>& rows);

/// Two shares as a range: "3.1 % to 8.0 %", and "97.0 % to 97.4 %" where whole per cents would not
/// tell them apart; once where they are the same.
std::string share_range_text(double low, double high);

/// Loads in words: "c=8"; "c=8 and c=16"; "c=1, c=8 and c=64"; and "c=8 to c=64" for three or more
/// that follow each other in `all`, which is in ascending order.
std::string loads_text(const std::vector<std::string>& labels, const std::vector<std::string>& all);

/// "a", "a and b", "a, b and c".
std::string list_text(const std::vector<std::string>& items);

/// Ascending: closed before open, then by concurrency or rate, then by arrivals.
bool lighter(const workload::LoadShape& a, const workload::LoadShape& b);

}  // namespace tokamark::advice
