#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "comparison/comparison.h"
#include "record/result.h"

namespace tokamark::comparison {

/// Compares two results, as of two builds or two commits: engines of the same name, or, where there
/// are none and each result has one engine, these two. In each comparison `a` is of `other` and `b`
/// of `base`, so that a ratio above 1 means that the number rose; both carry their result's label,
/// as in "vllm (base)". Runs that played the same schedules are paired by block, others are not.
///
/// Refuses with kind `study` when nothing can be paired: no engine, workload or load in common, or
/// a simulated result against a measured one. Work that is not equal is said in each comparison,
/// whose verdict is then `not_resolved`.
struct Labelled {
  std::string label;
  const record::StudyResult& result;
};
base::Result<std::vector<Comparison>> compare_across(const Labelled& base, const Labelled& other);

}  // namespace tokamark::comparison
