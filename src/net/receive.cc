#include "net/receive.h"

#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdlib>
#include <ctime>

namespace tokamark::net {

namespace {

std::int64_t read_ns(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

/// REALTIME minus MONOTONIC, from the tightest of 50 bracketed readings.
std::int64_t realtime_offset_ns() {
  std::int64_t best_bracket = INT64_MAX;
  std::int64_t best_offset = 0;
  for (int i = 0; i < 50; ++i) {
    const std::int64_t before = read_ns(CLOCK_MONOTONIC);
    const std::int64_t real = read_ns(CLOCK_REALTIME);
    const std::int64_t after = read_ns(CLOCK_MONOTONIC);
    if (after - before < best_bracket) {
      best_bracket = after - before;
      best_offset = real - before - (after - before) / 2;
    }
  }
  return best_offset;
}

}  // namespace

StampClock::StampClock()
    : offset_ns_(realtime_offset_ns()), read_at_(std::chrono::steady_clock::now()) {}

bool StampClock::refresh(base::TimePoint now) {
  if (now - read_at_ < std::chrono::seconds(1)) return false;
  const std::int64_t previous = offset_ns_;
  offset_ns_ = realtime_offset_ns();
  read_at_ = now;
  return std::llabs(offset_ns_ - previous) > 1'000'000;
}

void enable_receive_stamps(int socket) {
  const int flags = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
  (void)::setsockopt(socket, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags);
}

std::int64_t receive_stamp_ns(const cmsghdr& control) {
  if (control.cmsg_level != SOL_SOCKET || control.cmsg_type != SO_TIMESTAMPING) return 0;
  const auto* stamps = reinterpret_cast<const scm_timestamping*>(CMSG_DATA(&control));
  return stamps->ts[0].tv_sec * 1'000'000'000LL + stamps->ts[0].tv_nsec;
}

Received receive(int socket, char* buffer, std::size_t capacity) {
  iovec part{buffer, capacity};
  alignas(cmsghdr) char control[128];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t size = 0;
  do {
    size = ::recvmsg(socket, &message, 0);
  } while (size < 0 && errno == EINTR);
  Received result;
  if (size < 0) {
    const bool empty = errno == EAGAIN || errno == EWOULDBLOCK;
    result.status = empty ? Received::Status::would_block : Received::Status::error;
    result.error_number = empty ? 0 : errno;
    return result;
  }
  if (size == 0) {
    result.status = Received::Status::closed;
    return result;
  }
  result.status = Received::Status::bytes;
  result.size = static_cast<std::size_t>(size);
  result.drained = result.size < capacity;
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (const std::int64_t stamp = receive_stamp_ns(*c); stamp != 0) result.stamp_ns = stamp;
  }
  return result;
}

}  // namespace tokamark::net
