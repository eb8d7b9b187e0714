#pragma once

#include <string>
#include <vector>

#include "record/result.h"
#include "report/rows.h"

namespace tokamark::report {

/// Repeats below which no interval is printed and no difference can be resolved (methodology M18):
/// with six, all six agreeing has a two-sided sign-test probability of 2/64 = 0.031.
inline constexpr std::size_t kLeastRepeats = 6;

/// One engine's place in an order that was observed.
struct Standing {
  std::string engine;
  double median = 0.0;
  double ratio = 1.0;      ///< to the first engine's median
  std::size_t pairs = 0;   ///< repeats in which both this engine and the first are valid
  std::size_t behind = 0;  ///< of those, how many put this engine behind the first
};

/// The engines of one workload at one load, the best median first. It describes; it claims
/// nothing.
struct Order {
  std::string load;
  Quantity quantity = Quantity::ttft_p50;
  std::vector<Standing> standings;  ///< at least two
};

/// Output tokens/s (closed loads only: an open load sets it), TTFT p50 and TPOT p50 at each load
/// where two or more engines of an arm have a valid trial; each arm apart.
std::vector<Order> observed_orders(const record::StudyResult& result, const WorkloadRows& workload);

/// Those by which no pair of engines is resolved: what stands beside verdicts.
std::vector<Order> unresolved_orders(const record::StudyResult& result,
                                     const WorkloadRows& workload);

/// "vllm 120 tok/s; llama-cpp 80.3 tok/s (0.67x)", with pair counts when there are repeats.
std::string order_text(const Order& order);

/// The orders in few sentences: loads where the engines came in the same order share one, as in
/// "Output at c=1, c=10: vllm, then llama-cpp (0.61x to 0.67x)".
std::vector<std::string> order_sentences(std::vector<Order> orders);

/// Which of the planned trials are not there, for their engine failed or the study was interrupted;
/// empty = all are, or the results do not tell.
std::string missing_sentence(const record::StudyResult& result);

/// How many trials are valid; what is missing, and which limits the study changed, where there is
/// something to say.
std::vector<std::string> verdict_parts(const record::StudyResult& result);
/// The same in one text.
std::string verdict_sentence(const record::StudyResult& result);

/// What this many repeats support, and, where there are enough, how the primary comparisons ended.
/// Never declares a winner.
std::string support_sentence(const record::StudyResult& result,
                             const std::vector<WorkloadRows>& workloads);

/// One verdict code with everything that raised it.
struct CodeNote {
  std::string code;
  std::string advice;
  std::vector<std::string> trials;  ///< "ID: evidence"
  bool decisive = false;            ///< at least one of the trials is not valid
};

/// The codes of all trials, in order of appearance.
std::vector<CodeNote> code_notes(const record::StudyResult& result);

/// The sentence that everything simulated carries; empty when nothing is. Where only some engines
/// say of themselves that they are simulated, it names them.
std::string simulated_sentence(const record::StudyResult& result);

}  // namespace tokamark::report
