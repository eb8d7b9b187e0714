#include "load/live.h"

#include <algorithm>
#include <cmath>

namespace tokamark::load {

void LiveStats::add_ttft(base::Nanos ttft) {
  const double us = std::max(1.0, static_cast<double>(ttft.count()) / 1000.0);
  const auto bucket = static_cast<std::size_t>(std::log2(us) * kPerOctave);
  buckets_[std::min(bucket, kBuckets - 1)].fetch_add(1, std::memory_order_relaxed);
}

std::optional<double> LiveStats::ttft_quantile_ms(double q) const {
  std::uint64_t total = 0;
  for (const auto& bucket : buckets_) total += bucket.load(std::memory_order_relaxed);
  if (total == 0) return std::nullopt;
  const auto rank = static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(total)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += buckets_[i].load(std::memory_order_relaxed);
    if (seen >= std::max<std::uint64_t>(rank, 1)) {
      return std::exp2((static_cast<double>(i) + 0.5) / kPerOctave) / 1000.0;
    }
  }
  return std::nullopt;
}

}  // namespace tokamark::load
