#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace tokamark::load {

/// What the terminal shows while a trial runs. Load threads only add with relaxed atomics; any
/// thread may read. Coarse on purpose (steps of 9 %): results come from records, never from here.
class LiveStats {
 public:
  std::atomic<std::uint64_t> in_flight{0};
  std::atomic<std::uint64_t> succeeded{0};
  std::atomic<std::uint64_t> failed{0};
  std::atomic<std::uint64_t> tokens{0};

  void add_ttft(base::Nanos ttft);
  /// A quantile of the TTFTs so far, in milliseconds; empty before the first.
  [[nodiscard]] std::optional<double> ttft_quantile_ms(double q) const;

 private:
  static constexpr std::size_t kPerOctave = 8;
  static constexpr std::size_t kBuckets = 32 * kPerOctave;
  std::array<std::atomic<std::uint32_t>, kBuckets> buckets_{};
};

}  // namespace tokamark::load
