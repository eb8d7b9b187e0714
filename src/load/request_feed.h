#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "base/clock.h"
#include "protocol/request_renderer.h"
#include "workload/schedule.h"

namespace tokamark::load {

/// The next requests of one load thread, rendered ahead of time so that nothing is formatted
/// between a request's due time and its first byte. Thread t of T plays the sequence numbers
/// t, t+T, t+2T, ... A closed schedule starts over at its end, up to `most`; an open
/// one runs out.
class RequestFeed {
 public:
  struct Options {
    const workload::Schedule* schedule = nullptr;
    const protocol::RequestRenderer* renderer = nullptr;
    std::uint32_t first = 0;   ///< t
    std::uint32_t stride = 1;  ///< T
    std::size_t ahead = 64;    ///< requests kept rendered
    std::uint64_t most = 0;    ///< most requests over all threads; 0 = no limit
  };
  struct Ready {
    std::uint64_t sequence = 0;
    std::uint32_t schedule_index = 0;
    std::uint32_t output_tokens = 0;
    base::Nanos offset{0};
    std::string bytes;
  };

  explicit RequestFeed(const Options& options);

  /// Renders until `ahead` requests are ready; call when there is time.
  void refill();
  [[nodiscard]] bool empty() const { return ready_.empty() && exhausted(); }
  /// When the next request of an open load is due. Requires !empty().
  base::Nanos next_offset();
  /// Takes the next request. Requires !empty(). Renders it now when `refill` was not called in
  /// time; the wait is part of the request's measured lateness.
  Ready take();
  /// Gives a used buffer back, to be filled again without allocation.
  void give_back(std::string bytes);

 private:
  [[nodiscard]] bool exhausted() const;
  void render_one();

  Options options_;
  std::uint64_t next_;
  std::deque<Ready> ready_;
  std::vector<std::string> spare_;
};

}  // namespace tokamark::load
