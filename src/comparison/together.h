#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "comparison/across.h"
#include "record/result.h"

namespace tokamark::comparison {

/// Several results as one, to be shown side by side: engines carry their result's label, as in
/// "vllm (base)", and so do the ids of trials ("base/r1-vllm-chat-c8"). Comparisons within each
/// result are kept; those of each later result with the first are added as compare_across makes
/// them, or, where it refuses, left out with the reason in `notes`. `manifest.put_together` holds
/// each one's label, study and manifest.
///
/// Errors of kind `study`, with the keys that differ: one is simulated and another measured, they
/// state different SLOs, or a workload of the same name asks for other work.
struct Together {
  record::StudyResult result;
  std::vector<std::string> notes;
};
base::Result<Together> put_together(const std::vector<Labelled>& results);

/// "vllm (base)".
std::string labelled_name(const std::string& engine, const std::string& label);

}  // namespace tokamark::comparison
