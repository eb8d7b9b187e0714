#pragma once

#include <sys/epoll.h>

#include <span>

#include "base/clock.h"

namespace tokamark::load {

/// One thread's epoll with an absolute timer. Edge-triggered: a reader must read until nothing is
/// left, and until the close when the event tells of one. Not thread-safe.
class Poller {
 public:
  Poller();
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  [[nodiscard]] bool good() const { return epoll_ >= 0 && timer_ >= 0; }

  /// Watches a socket for reading, writing and the peer's close; `data` comes back in events.
  void watch(int socket, void* data);
  /// Watches a socket that is being watched for writing alone from now on.
  void watch_writing_only(int socket, void* data);

  /// Ready for reading when `wait` would return something at once.
  [[nodiscard]] int descriptor() const { return epoll_; }

  /// How long before `wake` to stop sleeping and poll instead, since timers are tens of
  /// microseconds late. Zero for a real-time thread: it is woken sooner, and must not spin, or the
  /// kernel stops it for 50 ms in each second.
  void set_spin(base::Nanos spin) { spin_ = spin; }

  /// Makes the descriptor ready at `wake`. Returns false, and does not, when that is so soon that
  /// one must not sleep; a `wake` beyond `longest` from now on is left for later.
  bool arm(base::TimePoint now, base::TimePoint wake, std::chrono::milliseconds longest);

  /// Waits until `wake`, at most `longest`, or until something is ready, and returns what is: at
  /// most 64 events, so that due sends are never starved by a burst.
  std::span<const epoll_event> wait(base::TimePoint now, base::TimePoint wake,
                                    std::chrono::milliseconds longest);

 private:
  static constexpr int kMaxEvents = 64;
  int epoll_ = -1;
  int timer_ = -1;
  base::TimePoint armed_{};
  base::Nanos spin_ = std::chrono::microseconds(150);
  epoll_event events_[kMaxEvents];
};

}  // namespace tokamark::load
