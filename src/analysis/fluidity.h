#pragma once

#include <optional>
#include <span>
#include <string>

#include "analysis/trial_facts.h"
#include "record/request_record.h"

namespace tokamark::analysis {

/// Share of token deadlines that were met, or why there is none.
struct Fluidity {
  std::optional<double> index;
  std::string reason;
};

/// The fluidity index (Agrawal et al., Etalon, arXiv 2407.07000) over all measured requests: the
/// first token is due after the SLO's `ttft_ms`, each further one `tpot_ms` later; time saved is
/// slack for what follows. A token after its deadline misses every deadline that passed meanwhile,
/// and the slack is gone. A failed request misses a deadline for each token that it was asked for.
/// Counted by token, where chunks know their tokens; a chunk of unknown count is one token.
Fluidity compute_fluidity(const Slo& slo, std::span<const record::RequestRecord> records);

}  // namespace tokamark::analysis
