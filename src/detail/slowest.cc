#include <algorithm>

#include "analysis/metrics.h"
#include "detail/requests_internal.h"
#include "stats/quantile.h"

namespace tokamark::detail {

namespace {

using record::RequestRecord;
using Requests = std::vector<const RequestRecord*>;

/// E2E, or how long it took to fail.
base::Nanos time_taken(const RequestRecord& record) {
  const bool succeeded = record.status == record::RequestStatus::succeeded;
  const base::Nanos end = succeeded ? record.last_token : record.ended;
  return std::max(end, record.scheduled) - record.scheduled;
}

bool slower(const RequestRecord* a, const RequestRecord* b) {
  return time_taken(*a) != time_taken(*b) ? time_taken(*a) > time_taken(*b)
                                          : a->sequence < b->sequence;
}

TokenLine make_line(const RequestRecord& record) {
  const auto after_due = [&record](base::Nanos time) {
    return base::to_seconds(std::max(time, record.scheduled) - record.scheduled);
  };
  TokenLine line;
  line.sequence = record.sequence;
  line.status = record.status;
  line.error = record.error;
  line.ended_after_due_s = base::to_seconds(time_taken(record));
  double tokens = 0.0;
  for (const record::Chunk& chunk : record.chunks) {
    tokens += analysis::tokens_of(record, chunk);
    line.arrivals.push_back({after_due(chunk.time), tokens});
  }
  return line;
}

}  // namespace

void add_slowest(std::span<const RequestRecord> records, TrialDetail& into) {
  Requests all, succeeded;
  for (const RequestRecord& record : records) {
    if (!analysis::measured(record)) continue;
    all.push_back(&record);
    if (record.status == record::RequestStatus::succeeded) succeeded.push_back(&record);
  }
  const auto most = static_cast<std::ptrdiff_t>(std::min(kSlowest, all.size()));
  std::partial_sort(all.begin(), all.begin() + most, all.end(), slower);
  for (auto one = all.begin(); one != all.begin() + most; ++one) {
    into.slowest.push_back(make_line(**one));
  }
  if (succeeded.size() < stats::sample_floor(0.5)) return;
  // Nearest rank: the smallest value that half of them do not exceed; of n, n / 2 are slower.
  const auto median = succeeded.begin() + static_cast<std::ptrdiff_t>(succeeded.size() / 2);
  std::nth_element(succeeded.begin(), median, succeeded.end(), slower);
  into.median_request = make_line(**median);
}

}  // namespace tokamark::detail
