#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "record/request_record.h"

namespace tokamark::detail {

/// What charts need beyond results.json: grids, bins and a few requests of each trial, of a size
/// that does not grow with the number of its requests. All of it follows from the results folder.

/// The grid of a Distribution: entry i is the quantile 1 - 10^(-i/12), so that every twelve steps
/// add a nine. Entry 0 is the least value.
inline constexpr std::size_t kGridPerNine = 12;
inline constexpr std::size_t kGridSize = 4 * kGridPerNine + 1;

/// Nearest-rank quantiles in milliseconds over the requests of one trial. The list ends where fewer
/// than ten samples lie beyond (methodology M20), and holds infinity where a failed request is.
struct Distribution {
  std::int64_t n = 0;
  std::vector<double> quantiles_ms;
  std::string reason;  ///< why there is nothing; empty when there is
};

/// The bins of a Timeline.
inline constexpr std::size_t kTimeBins = 240;

/// One quantity over the time of a trial: means over bins; empty where nothing was seen.
struct Series {
  std::vector<std::optional<double>> values;  ///< kTimeBins of them, or none
  std::string reason;                         ///< why there are none
};

/// The series of a trial on one clock, whose zero is the opening of the window.
struct Timeline {
  double from_s = 0.0;    ///< where the first bin begins; negative: the warm-up
  double step_s = 0.0;    ///< length of a bin; 0 = the window did not open
  double window_s = 0.0;  ///< length of the window
  /// The telemetry has a clock of its own, which is placed on this one within so many seconds.
  double telemetry_within_s = 0.0;
  Series in_flight;  ///< requests sent and not ended, by the client; mean over the bin
  Series output_tokens_per_s;
  Series requests_running, requests_waiting, kv_cache_usage_ratio;  ///< by the server
  /// Share of the prompt tokens that the server took from its prefix cache since it was last asked;
  /// empty where it saw no prompt.
  Series prefix_hit_ratio;
  Series vram_used_bytes, rss_bytes;     ///< all GPUs; engine
  Series gpu_power_w, gpu_busy_percent;  ///< sum, and mean over the GPUs
};

/// A stretch of time, in seconds after the opening of the window.
struct Span {
  double from_s = 0.0, to_s = 0.0;
};

/// One request, in seconds after the opening of the window; empty = did not happen.
struct RequestRow {
  std::uint64_t sequence = 0;
  double scheduled_s = 0.0;
  std::optional<double> sent_s, first_token_s, last_token_s;
  double ended_s = 0.0;
  record::RequestStatus status = record::RequestStatus::failed;
  record::RequestError error = record::RequestError::none;
  std::int64_t input_tokens = -1, output_tokens = -1;  ///< -1 = not known
  /// Gaps between chunks that are the longest of the request and at least five times its median
  /// gap and 20 ms; at most four.
  std::vector<Span> stalls;
};

/// So many tokens of an answer had arrived at a moment, in seconds after the request was due.
struct TokenArrival {
  double after_due_s = 0.0, tokens = 0.0;
};

/// Requests of `TrialDetail::slowest`.
inline constexpr std::size_t kSlowest = 4;

/// One answer, chunk by chunk.
struct TokenLine {
  std::uint64_t sequence = 0;
  record::RequestStatus status = record::RequestStatus::failed;
  record::RequestError error = record::RequestError::none;
  double ended_after_due_s = 0.0;  ///< its E2E, or how long it took to fail
  std::vector<TokenArrival> arrivals;
};

/// Gaps between tokens, counted in bins that divide each decade into ten, from 10 microseconds to
/// 100 seconds; what lies beyond is counted in the outer bins.
inline constexpr std::size_t kGapBinsPerDecade = 10;
inline constexpr std::size_t kGapBins = 7 * kGapBinsPerDecade;
inline constexpr double kGapLeast_ms = 0.01;

/// TTFT of the requests whose prompt has a length from `from_tokens` to `to_tokens`, both included.
struct LengthBin {
  std::int64_t from_tokens = 0, to_tokens = 0, n = 0;
  double p10_ms = 0.0, p50_ms = 0.0, p90_ms = 0.0;
};

/// The bins of an ErrorSeries.
inline constexpr std::size_t kErrorBins = 24;

/// Requests that ended in one way, counted over the time of the trial in bins of equal length.
struct ErrorSeries {
  /// The word of the RequestError; or "cut_short": fewer tokens than the exact length.
  std::string kind;
  std::array<std::int64_t, kErrorBins> counts{};
};

/// Scales of the SLO's limits for `goodput_at`.
inline constexpr std::array kStrictness{0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0};

/// One trial.
struct TrialDetail {
  /// Over measured requests, by the formulas of docs/METRICS.md; `itl` is pooled over tokens.
  Distribution ttft, tpot, itl, e2e;
  Distribution lateness, receive_delay;  ///< the client's own errors
  Timeline timeline;
  /// Consecutive requests from the middle of the window on, in order of schedule.
  std::vector<RequestRow> requests;
  /// The measured requests that took longest, however they ended; longest first.
  std::vector<TokenLine> slowest;
  /// The one of median E2E among those that succeeded; empty below 20 of them.
  std::optional<TokenLine> median_request;
  std::array<std::int64_t, kGapBins> gap_counts{};
  std::vector<LengthBin> ttft_by_prompt;
  std::string ttft_by_prompt_reason;  ///< why it is empty
  std::vector<ErrorSeries> errors;    ///< kinds that occurred; whole trial
  std::optional<double> sent_per_s;   ///< requests sent in the window over its length
  /// Goodput in requests/s if every limit of the SLO were scaled by kStrictness; empty without one.
  std::vector<double> goodput_at;
};

/// By trial id. A trial without an entry has no raw files (an older folder, a sample).
using StudyDetail = std::map<std::string, TrialDetail>;

}  // namespace tokamark::detail
