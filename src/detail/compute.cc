#include "detail/compute.h"

#include "detail/distributions_internal.h"
#include "detail/requests_internal.h"
#include "detail/timeline_internal.h"

namespace tokamark::detail {

TrialDetail compute(const analysis::TrialFacts& facts,
                    std::span<const record::RequestRecord> records, std::string_view telemetry) {
  TrialDetail trial;
  add_distributions(records, trial);
  add_rates(facts, records, trial);
  add_timeline(facts, records, telemetry, trial.timeline);
  add_requests(facts, records, trial);
  add_slowest(records, trial);
  return trial;
}

}  // namespace tokamark::detail
