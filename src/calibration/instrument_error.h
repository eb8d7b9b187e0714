#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/clock.h"
#include "record/request_record.h"
#include "record/result.h"
#include "sim/truth_log.h"

namespace tokamark::calibration {

/// How wrong the load generator was, against a server that knows its true emission times
/// (methodology M4). In each `ClientError` p50 is the median of the signed error, measured minus
/// true; p99 and max are of its absolute value. Milliseconds.
struct InstrumentError {
  std::int64_t requests = 0;  ///< measured requests that succeeded and have a true record
  std::int64_t tokens = 0;    ///< output tokens of those, as the client counted them
  std::int64_t failed = 0;    ///< measured requests that failed, or whose record does not match
  record::ClientError ttft_error_ms;        ///< first token's stamp minus its emission
  record::ClientError itl_error_ms;         ///< gap between chunks, measured minus true
  record::ClientError token_time_error_ms;  ///< a chunk's stamp minus its emission
  record::ClientError lateness_ms;          ///< send minus scheduled, never negative
  record::ClientError receive_delay_ms;     ///< process stamp minus kernel stamp
  double shared_read_share = 0.0;           ///< chunks whose read held more than one event
  double ttft_true_p50_ms = 0.0;            ///< emission of the first token minus scheduled
};

/// Compares what the client recorded with what the server knows. Records are joined by request id
/// ("tokamark-SEQUENCE"). `start` is the zero of the records' times; events of the server carry
/// `tokens_per_chunk` tokens each.
InstrumentError compare(std::span<const record::RequestRecord> records,
                        std::span<const sim::TruthRecord> truth, base::TimePoint start,
                        std::uint32_t tokens_per_chunk);

/// What the instrument is asked to resolve, in milliseconds.
struct TrustRule {
  double ttft_ms = 50.0, itl_ms = 10.0;  ///< the latencies that are to be measured
  double most_ms = 1.0;                  ///< p99 error below this ...
  double most_share = 0.02;              ///< ... and below this share of the latency
};

/// Why the instrument cannot be trusted there; empty when it can.
std::string distrust(const InstrumentError& error, const TrustRule& rule);

}  // namespace tokamark::calibration
