#include "sim/latencies.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/assert.h"

namespace tokamark::sim {
namespace {

using Bounds = std::vector<double>;

// vLLM's, which TensorRT-LLM took over.
const Bounds kFirstToken{0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1,  0.25,  0.5,   0.75,
                         1.0,   2.5,   5.0,  7.5,  10.0, 20.0, 40.0, 80.0, 160.0, 640.0, 2560.0};
const Bounds kGap{0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2,  0.3,  0.4, 0.5,
                  0.75, 1.0,   2.5,  5.0,   7.5, 10.0, 20.0, 40.0, 80.0};
const Bounds kRequest{0.3,  0.5,  0.8,  1.0,  1.5,   2.0,   2.5,   5.0,   10.0,   15.0,  20.0,
                      30.0, 40.0, 50.0, 60.0, 120.0, 240.0, 480.0, 960.0, 1920.0, 7680.0};
const Bounds kSglangFirstToken{0.1, 0.2, 0.4,  0.6,  0.8,  1.0,  2.0,   4.0,   6.0,
                               8.0, 10., 20.0, 40.0, 60.0, 80.0, 100.0, 200.0, 400.0};
const Bounds kSglangGap{0.002, 0.004, 0.006, 0.008, 0.010, 0.015, 0.020, 0.025,
                        0.030, 0.035, 0.040, 0.060, 0.080, 0.1,   0.2,   0.4,
                        0.6,   0.8,   1.0,   2.0,   4.0,   6.0,   8.0};

std::string number(double value) { return nlohmann::json(value).dump(); }

}  // namespace

void LatencyHistogram::observe(base::Nanos duration) {
  if (counts_.empty()) return;
  const double seconds = base::to_seconds(duration);
  const auto bound = std::lower_bound(bounds_s_.begin(), bounds_s_.end(), seconds);
  counts_[static_cast<std::size_t>(bound - bounds_s_.begin())] += 1;
  sum_ += duration;
}

void LatencyHistogram::append(std::string_view name, std::string_view help, std::string_view labels,
                              std::string& out) const {
  if (counts_.empty()) return;
  TOKAMARK_ASSERT(labels.size() > 2);
  const std::string_view open = labels.substr(0, labels.size() - 1);
  fmt::format_to(std::back_inserter(out), "# HELP {0} {1}\n# TYPE {0} histogram\n", name, help);
  std::int64_t below = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    below += counts_[i];
    const std::string bound = i < bounds_s_.size() ? number(bounds_s_[i]) : "+Inf";
    fmt::format_to(std::back_inserter(out), "{}_bucket{},le=\"{}\"}} {}\n", name, open, bound,
                   number(static_cast<double>(below)));
  }
  fmt::format_to(std::back_inserter(out), "{0}_count{1} {2}\n{0}_sum{1} {3}\n", name, labels,
                 number(static_cast<double>(below)), number(base::to_seconds(sum_)));
}

Latencies::Latencies(DialectKind dialect) {
  if (dialect == DialectKind::llama_cpp) return;  // it has none
  const bool sglang = dialect == DialectKind::sglang;
  ttft = LatencyHistogram(sglang ? kSglangFirstToken : kFirstToken);
  itl = LatencyHistogram(sglang ? kSglangGap : kGap);
  tpot = LatencyHistogram(kGap);
  e2e = LatencyHistogram(sglang ? kSglangFirstToken : kRequest);
  queue = LatencyHistogram(sglang ? kSglangFirstToken : kRequest);
}

}  // namespace tokamark::sim
