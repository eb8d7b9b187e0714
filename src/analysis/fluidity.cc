#include "analysis/fluidity.h"

#include <algorithm>
#include <cmath>

namespace tokamark::analysis {

namespace {

struct Deadlines {
  double met = 0.0, missed = 0.0;
};

/// One answer against its deadlines, in milliseconds.
void count(const record::RequestRecord& record, double first_ms, double next_ms,
           Deadlines& deadlines) {
  double slack = 0.0;
  base::Nanos before = record.scheduled;
  bool first = true;
  for (const record::Chunk& chunk : record.chunks) {
    const double gap = base::to_ms(chunk.time - before);
    const double due = first ? first_ms : next_ms;
    if (gap <= due + slack) {
      deadlines.met += 1.0;
      slack += due - gap;
    } else {
      deadlines.missed += first ? 1.0 + std::floor((gap - slack - first_ms) / next_ms)
                                : std::floor((gap - slack) / next_ms);
      slack = 0.0;
    }
    // The chunk's other tokens are there as well, each before its own deadline.
    const double others = std::max<int>(chunk.tokens, 1) - 1;
    deadlines.met += others;
    slack += others * next_ms;
    before = chunk.time;
    first = false;
  }
}

}  // namespace

Fluidity compute_fluidity(const Slo& slo, std::span<const record::RequestRecord> records) {
  if (!slo.ttft_ms || !slo.tpot_ms) return {std::nullopt, "needs ttft_ms and tpot_ms in the slo"};
  Deadlines deadlines;
  for (const record::RequestRecord& record : records) {
    if (record.phase != record::Phase::measured) continue;
    if (record.status == record::RequestStatus::succeeded) {
      count(record, *slo.ttft_ms, *slo.tpot_ms, deadlines);
    } else if (record.status != record::RequestStatus::cut_off) {
      deadlines.missed += std::max<double>(static_cast<double>(record.requested_output_tokens), 1);
    }
  }
  if (deadlines.met + deadlines.missed == 0.0) {
    return {std::nullopt, "no request was scheduled in the window"};
  }
  return {deadlines.met / (deadlines.met + deadlines.missed), {}};
}

}  // namespace tokamark::analysis
