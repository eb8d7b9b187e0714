#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "base/clock.h"

namespace tokamark::load {

/// When the measured window opens and closes (methodology M14, M15). A fixed rule: it never looks
/// at a latency.
struct WindowRule {
  base::Nanos warmup{0};              ///< least time before the window
  std::uint32_t warmup_requests = 0;  ///< least requests ended before the window
  base::Nanos least{0};               ///< least length of the window
  std::uint32_t least_requests = 0;   ///< least requests scheduled in the window and ended
  base::Nanos longest{0};             ///< longest window, whatever the request floor says
  base::Nanos longest_warmup{0};      ///< the window opens then, whatever was ended
};

/// The window of one trial, shared by its load threads. Times are after the trial's start.
/// Thread-safe; no locks.
class Window {
 public:
  explicit Window(const WindowRule& rule) : rule_(rule) {}

  /// Opens or closes the window if it is time.
  void advance(base::Nanos now);
  /// A request that was scheduled at `scheduled` has ended, however it ended.
  void count_ended(base::Nanos scheduled);

  [[nodiscard]] bool opened() const { return start_ns_.load(std::memory_order_acquire) >= 0; }
  [[nodiscard]] bool closed() const { return end_ns_.load(std::memory_order_acquire) >= 0; }
  /// -1 ns before it opened or closed.
  [[nodiscard]] base::Nanos start() const {
    return base::Nanos(start_ns_.load(std::memory_order_acquire));
  }
  [[nodiscard]] base::Nanos end() const {
    return base::Nanos(end_ns_.load(std::memory_order_acquire));
  }
  /// Whether a request scheduled then is part of the measurement, as far as is known now.
  [[nodiscard]] bool contains(base::Nanos scheduled) const {
    return opened() && scheduled >= start() && (!closed() || scheduled < end());
  }

 private:
  WindowRule rule_;
  std::atomic<std::int64_t> start_ns_{-1};
  std::atomic<std::int64_t> end_ns_{-1};
  std::atomic<std::uint32_t> ended_before_{0};
  std::atomic<std::uint32_t> ended_inside_{0};
};

}  // namespace tokamark::load
