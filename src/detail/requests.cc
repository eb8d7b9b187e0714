#include <algorithm>
#include <map>

#include "detail/requests_internal.h"

namespace tokamark::detail {

namespace {

using record::RequestRecord;
using record::RequestStatus;

constexpr std::size_t kMostRows = 40;
constexpr std::size_t kMostStalls = 4;
/// A gap is a stall from so many times the request's median gap on, and at least so long.
constexpr double kStallFactor = 5.0;
constexpr double kStallLeast_s = 0.020;

/// The longest gaps between chunks, in order of time.
std::vector<Span> find_stalls(const RequestRecord& record, base::Nanos zero) {
  std::vector<Span> gaps;
  std::optional<double> before;
  for (const record::Chunk& chunk : record.chunks) {
    const double at_s = base::to_seconds(chunk.time - zero);
    if (before) gaps.push_back({*before, at_s});
    before = at_s;
  }
  if (gaps.empty()) return {};
  const auto length = [](const Span& span) { return span.to_s - span.from_s; };
  const auto longer = [&](const Span& a, const Span& b) { return length(a) > length(b); };
  std::stable_sort(gaps.begin(), gaps.end(), longer);
  const double least = std::max(kStallLeast_s, kStallFactor * length(gaps[gaps.size() / 2]));
  std::vector<Span> stalls;
  for (const Span& gap : gaps) {
    if (stalls.size() == kMostStalls || length(gap) < least) break;
    stalls.push_back(gap);
  }
  std::sort(stalls.begin(), stalls.end(),
            [](const Span& a, const Span& b) { return a.from_s < b.from_s; });
  return stalls;
}

RequestRow make_row(const RequestRecord& record, base::Nanos zero) {
  const auto at = [zero](base::Nanos time) {
    return time.count() < 0 ? std::nullopt : std::optional(base::to_seconds(time - zero));
  };
  RequestRow row;
  row.sequence = record.sequence;
  row.scheduled_s = base::to_seconds(record.scheduled - zero);
  row.sent_s = at(record.sent);
  row.first_token_s = at(record.first_token);
  row.last_token_s = at(record.last_token);
  row.ended_s = base::to_seconds(std::max(record.ended, record.scheduled) - zero);
  row.status = record.status;
  row.error = record.error;
  row.input_tokens = record.input_tokens;
  row.output_tokens = record.output_tokens;
  row.stalls = find_stalls(record, zero);
  return row;
}

/// What went wrong with a request, or nothing.
const char* kind_of(const RequestRecord& record, analysis::OutputLength wanted) {
  // Running when the trial ended, as every closed load leaves some: no error.
  if (record.status == RequestStatus::cut_off) return nullptr;
  if (record.status != RequestStatus::succeeded) return record::to_word(record.error);
  const bool short_answer =
      wanted == analysis::OutputLength::exact && record.requested_output_tokens > 0 &&
      record.output_tokens >= 0 &&
      record.output_tokens < static_cast<std::int64_t>(record.requested_output_tokens);
  return short_answer ? "cut_short" : nullptr;
}

/// Over the whole trial, whether its window opened or not.
void add_errors(const analysis::TrialFacts& facts, std::span<const RequestRecord> records,
                TrialDetail& into) {
  base::Nanos last = std::max(facts.window_end, base::Nanos(1));
  for (const RequestRecord& record : records) last = std::max(last, record.ended);
  const double bins_per_ns = static_cast<double>(kErrorBins) / static_cast<double>(last.count());
  std::map<std::string, ErrorSeries> found;
  for (const RequestRecord& record : records) {
    const char* const kind = kind_of(record, facts.output_length);
    if (kind == nullptr) continue;
    ErrorSeries& series = found[kind];
    series.kind = kind;
    const auto at = static_cast<double>(std::max(record.ended, record.scheduled).count());
    const double bin = std::clamp(at * bins_per_ns, 0.0, static_cast<double>(kErrorBins - 1));
    ++series.counts[static_cast<std::size_t>(bin)];
  }
  for (auto& [kind, series] : found) into.errors.push_back(std::move(series));
}

}  // namespace

void add_requests(const analysis::TrialFacts& facts, std::span<const RequestRecord> records,
                  TrialDetail& into) {
  add_errors(facts, records, into);
  if (!(into.timeline.step_s > 0.0)) return;
  const base::Nanos zero = facts.window_start;
  const base::Nanos middle = zero + (facts.window_end - zero) / 2;
  std::vector<const RequestRecord*> later;
  for (const RequestRecord& record : records) {
    if (record.scheduled >= middle) later.push_back(&record);
  }
  const auto sooner = [](const RequestRecord* a, const RequestRecord* b) {
    return a->scheduled != b->scheduled ? a->scheduled < b->scheduled : a->sequence < b->sequence;
  };
  const std::size_t rows = std::min(kMostRows, later.size());
  std::partial_sort(later.begin(), later.begin() + static_cast<std::ptrdiff_t>(rows), later.end(),
                    sooner);
  for (std::size_t i = 0; i < rows; ++i) into.requests.push_back(make_row(*later[i], zero));
}

}  // namespace tokamark::detail
