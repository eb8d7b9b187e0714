#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "sim/profile.h"

namespace tokamark::sim {

/// A Prometheus histogram of durations.
class LatencyHistogram {
 public:
  LatencyHistogram() = default;
  /// Ascending bounds in seconds; the infinite one is added.
  explicit LatencyHistogram(std::vector<double> bounds_s)
      : bounds_s_(std::move(bounds_s)), counts_(bounds_s_.size() + 1, 0) {}

  void observe(base::Nanos duration);
  /// Appends it as the Python client writes it; `labels` have their braces.
  void append(std::string_view name, std::string_view help, std::string_view labels,
              std::string& out) const;

 private:
  std::vector<double> bounds_s_;
  std::vector<std::int64_t> counts_;  ///< of each bucket, not cumulative
  base::Nanos sum_{0};
};

/// The latency histograms of an engine, with the bounds that its metrics page has.
struct Latencies {
  Latencies() = default;
  explicit Latencies(DialectKind dialect);

  LatencyHistogram ttft;   ///< arrival to first token
  LatencyHistogram itl;    ///< each gap between tokens
  LatencyHistogram tpot;   ///< one a request of two tokens or more: its mean gap
  LatencyHistogram e2e;    ///< arrival to last token
  LatencyHistogram queue;  ///< from the scheduler's queue into the batch, once a request
};

}  // namespace tokamark::sim
