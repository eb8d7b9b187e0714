#pragma once

#include <cstdint>

#include "base/clock.h"

namespace tokamark::load {

/// Counts requests in flight and the time they spent there, apart from their records, so that
/// both can be held against each other (Little's law). One load thread's; a few additions a
/// request.
class InFlight {
 public:
  void add(base::Nanos at) {
    ++count_;
    starts_ += at;
  }
  void remove(base::Nanos at) {
    --count_;
    starts_ -= at;
  }
  /// The sum of all times in flight up to `at`. Times need not be given in order.
  [[nodiscard]] base::Nanos time_until(base::Nanos at) const { return count_ * at - starts_; }

 private:
  std::int64_t count_ = 0;
  base::Nanos starts_{0};  ///< starts of those in flight, less what ended ones spent
};

}  // namespace tokamark::load
