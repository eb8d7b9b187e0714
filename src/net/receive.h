#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace tokamark::net {

/// Maps the kernel's receive stamps (CLOCK_REALTIME) to the monotonic clock. The offset is the
/// best of 50 bracketed readings; `refresh` re-reads it, at most once a second, and reports a
/// step of the wall clock. One per thread.
class StampClock {
 public:
  StampClock();
  /// Re-reads the offset when a second has passed. Returns true when the wall clock was stepped
  /// by more than 1 ms since the last reading: stamps in between are not comparable.
  bool refresh(base::TimePoint now);
  [[nodiscard]] base::TimePoint to_monotonic(std::int64_t realtime_ns) const {
    return base::TimePoint(base::Nanos(realtime_ns - offset_ns_));
  }

 private:
  std::int64_t offset_ns_;
  base::TimePoint read_at_;
};

/// Result of one read of a socket.
struct Received {
  enum class Status {
    bytes,        ///< `size` bytes were read
    would_block,  ///< nothing there now
    closed,       ///< the peer closed its side in order
    error,        ///< `error_number` says what
  };
  Status status = Status::would_block;
  std::size_t size = 0;
  int error_number = 0;
  std::int64_t stamp_ns = 0;  ///< kernel receive stamp, CLOCK_REALTIME; 0 = none given
  /// Nothing was left when the bytes were read, and an edge-triggered poller will tell of what
  /// comes later; of the peer's close, which may already have come, it told with these bytes.
  bool drained = false;
};

/// Asks the kernel to stamp received packets of a socket; call before connect. Failure is not an
/// error: reads then carry no stamp.
void enable_receive_stamps(int socket);

/// The stamp in a control message of a received one, CLOCK_REALTIME; 0 when it is another message.
std::int64_t receive_stamp_ns(const cmsghdr& control);

/// One recvmsg with its stamp: that of the newest packet whose bytes were read.
Received receive(int socket, char* buffer, std::size_t capacity);

}  // namespace tokamark::net
