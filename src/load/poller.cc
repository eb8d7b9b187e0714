#include "load/poller.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>

namespace tokamark::load {

Poller::Poller()
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
  if (!good()) return;
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.ptr = nullptr;
  (void)::epoll_ctl(epoll_, EPOLL_CTL_ADD, timer_, &event);
}

Poller::~Poller() {
  if (timer_ >= 0) ::close(timer_);
  if (epoll_ >= 0) ::close(epoll_);
}

void Poller::watch(int socket, void* data) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = data;
  (void)::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
}

void Poller::watch_writing_only(int socket, void* data) {
  epoll_event event{};
  event.events = EPOLLOUT | EPOLLET;
  event.data.ptr = data;
  (void)::epoll_ctl(epoll_, EPOLL_CTL_MOD, socket, &event);
}

bool Poller::arm(base::TimePoint now, base::TimePoint wake, std::chrono::milliseconds longest) {
  if (wake <= now + spin_) return false;
  if (wake >= now + longest || wake == armed_) return true;
  armed_ = wake;
  const auto at = (wake - spin_).time_since_epoch();
  itimerspec spec{};
  spec.it_value.tv_sec = static_cast<time_t>(at / std::chrono::seconds(1));
  spec.it_value.tv_nsec = static_cast<long>((at % std::chrono::seconds(1)).count());
  (void)::timerfd_settime(timer_, TFD_TIMER_ABSTIME, &spec, nullptr);
  return true;
}

std::span<const epoll_event> Poller::wait(base::TimePoint now, base::TimePoint wake,
                                          std::chrono::milliseconds longest) {
  const int timeout = arm(now, wake, longest) ? static_cast<int>(longest.count()) : 0;
  const int count = ::epoll_wait(epoll_, events_, kMaxEvents, timeout);
  // The timer's own event only wakes; it is moved out of the way.
  auto* const end = std::remove_if(events_, events_ + std::max(count, 0),
                                   [](const auto& event) { return event.data.ptr == nullptr; });
  return {events_, static_cast<std::size_t>(end - events_)};
}

}  // namespace tokamark::load
