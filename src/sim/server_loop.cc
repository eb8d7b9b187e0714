#include "sim/server_loop.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/assert.h"

namespace tokamark::sim {
namespace {

constexpr ConnectionId kListenerId = 0;
constexpr ConnectionId kTimerId = 1;
constexpr ConnectionId kFirstPeerId = 2;
constexpr int kBacklog = 4096;
constexpr int kStopPollMs = 100;
constexpr int kEventsPerWait = 64;  ///< few, so that a due step never waits behind many requests
constexpr std::chrono::seconds kSweepPeriod{1};
/// All four engines close an idle connection after five seconds.
constexpr std::chrono::seconds kIdleLimit{5};

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

/// Thousands of streams need thousands of descriptors; the soft limit is often 1024.
void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

base::Error bind_error(const std::string& address, int code) {
  if (code == EADDRINUSE) {
    return {base::ErrorKind::engine,
            fmt::format("{} is already in use: stop the program that listens there, or choose "
                        "another port",
                        address)};
  }
  return {base::ErrorKind::engine,
          fmt::format("cannot listen on {}: {}; choose another host or port", address,
                      std::strerror(code))};
}

std::uint16_t bound_port(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return 0;
  if (storage.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_port);
  }
  return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
}

void epoll_update(int epoll, int operation, int fd, ConnectionId id, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  ::epoll_ctl(epoll, operation, fd, &event);
}

}  // namespace

OwnedFd::~OwnedFd() {
  if (fd_ >= 0) ::close(fd_);
}

OwnedFd& OwnedFd::operator=(OwnedFd&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = other.release();
  }
  return *this;
}

int OwnedFd::release() { return std::exchange(fd_, -1); }

ServerLoop::ServerLoop(ServiceOptions options, TruthLog truth)
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)),
      answers_while_loading_(options.profile.dialect == DialectKind::llama_cpp),
      next_id_(kFirstPeerId),
      service_(std::move(options), std::move(truth), *this) {
  TOKAMARK_ASSERT(epoll_.get() >= 0 && timer_.get() >= 0);
  epoll_update(epoll_.get(), EPOLL_CTL_ADD, timer_.get(), kTimerId, EPOLLIN);
}

base::Result<void> ServerLoop::bind(const std::string& host, std::uint16_t port) {
  address_ = fmt::format("{}:{}", host, port);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* raw = nullptr;
  const int lookup = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &raw);
  const std::unique_ptr<addrinfo, FreeAddresses> addresses(raw);
  if (lookup != 0) {
    return base::Error{base::ErrorKind::engine,
                       fmt::format("cannot listen on {}: {}; give an address of this machine",
                                   address_, ::gai_strerror(lookup))};
  }
  OwnedFd fd(::socket(addresses->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (fd.get() < 0 || ::bind(fd.get(), addresses->ai_addr, addresses->ai_addrlen) != 0) {
    return bind_error(address_, errno);
  }
  listener_ = std::move(fd);
  port_ = bound_port(listener_.get());
  return base::ok();
}

base::Result<void> ServerLoop::run(const std::atomic<bool>& stop, base::Nanos startup_delay,
                                   const std::function<void(std::uint16_t)>& on_ready) {
  raise_file_limit();
  const base::TimePoint ready_at = base::now() + startup_delay;
  if (answers_while_loading_) {
    TOKAMARK_TRY_VOID(listen_now());
  }
  while (!stop) {
    if (!ready_ && base::now() >= ready_at) {
      TOKAMARK_TRY_VOID(become_ready(on_ready));
    }
    wait_and_dispatch(ready_at);
    const base::TimePoint now = base::now();
    if (const auto due = service_.next_due(); due && *due <= now) service_.run_due(now);
    pump_finished();
    reap();
    if (now >= next_sweep_) close_idle(now);
    TOKAMARK_TRY_VOID(service_.flush_truth());
  }
  for (const auto& [id, peer] : peers_) service_.disconnected(id, base::now());
  return service_.flush_truth();
}

base::TimePoint ServerLoop::send(ConnectionId connection, std::string_view bytes) {
  const auto found = peers_.find(connection);
  TOKAMARK_ASSERT(found != peers_.end());
  Peer& peer = *found->second;
  const base::TimePoint now = base::now();
  if (peer.dead) return now;
  if (peer.http.send(bytes) == Link::closed) {
    mark_dead(connection, peer);
  } else {
    watch_output(connection, peer);
  }
  return now;
}

void ServerLoop::finished(ConnectionId connection, KeepAlive keep_alive) {
  Peer& peer = *peers_.at(connection);
  peer.busy = false;
  peer.served = true;
  peer.idle_since = base::now();
  if (keep_alive == KeepAlive::no) {
    peer.closing = true;
    if (!peer.http.has_unsent()) mark_dead(connection, peer);
  } else {
    finished_.push_back(connection);
  }
}

void ServerLoop::reset(ConnectionId connection) {
  Peer& peer = *peers_.at(connection);
  const linger at_once{1, 0};
  ::setsockopt(peer.http.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  mark_dead(connection, peer);
}

base::Result<void> ServerLoop::listen_now() {
  if (::listen(listener_.get(), kBacklog) != 0) return bind_error(address_, errno);
  listening_ = Listening::yes;
  set_accepting(Listening::yes);
  return base::ok();
}

base::Result<void> ServerLoop::become_ready(const std::function<void(std::uint16_t)>& on_ready) {
  if (listening_ == Listening::no) {
    TOKAMARK_TRY_VOID(listen_now());
  }
  service_.set_ready();
  ready_ = true;
  if (on_ready) on_ready(port_);
  return base::ok();
}

void ServerLoop::wait_and_dispatch(base::TimePoint ready_at) {
  arm_timer(ready_at);
  std::array<epoll_event, kEventsPerWait> events{};
  const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsPerWait, kStopPollMs);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.u64 == kListenerId) {
      accept_all();
    } else if (event.data.u64 != kTimerId) {
      dispatch(event.data.u64, event.events);
    }
  }
}

void ServerLoop::arm_timer(base::TimePoint ready_at) {
  std::optional<base::TimePoint> due = service_.next_due();
  if (!ready_) due = due ? std::min(*due, ready_at) : ready_at;
  itimerspec spec{};
  if (due) {
    // Zero would disarm the timer; the clock's first nanosecond is as much in the past.
    const base::Nanos at = std::max(due->time_since_epoch(), base::Nanos{1});
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(at);
    spec.it_value.tv_sec = seconds.count();
    spec.it_value.tv_nsec = (at - seconds).count();
  }
  ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &spec, nullptr);
}

void ServerLoop::dispatch(ConnectionId id, std::uint32_t events) {
  const auto found = peers_.find(id);
  if (found == peers_.end() || found->second->dead) return;
  Peer& peer = *found->second;
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
    mark_dead(id, peer);
    return;
  }
  if ((events & EPOLLOUT) != 0) {
    if (peer.http.flush() == Link::closed || (peer.closing && !peer.http.has_unsent())) {
      mark_dead(id, peer);
      return;
    }
    watch_output(id, peer);
  }
  if ((events & EPOLLIN) == 0) return;
  if (peer.http.fill() == Link::closed) {
    mark_dead(id, peer);
    return;
  }
  pump(id);
}

void ServerLoop::accept_all() {
  for (;;) {
    const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      // Out of descriptors: wait until a connection closes instead of spinning on the listener.
      if (errno == EMFILE || errno == ENFILE) set_accepting(Listening::no);
      return;
    }
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const ConnectionId id = next_id_++;
    peers_.emplace(id, std::make_unique<Peer>(fd));
    epoll_update(epoll_.get(), EPOLL_CTL_ADD, fd, id, EPOLLIN);
  }
}

void ServerLoop::set_accepting(Listening accepting) {
  if (accepting == accepting_) return;
  accepting_ = accepting;
  epoll_update(epoll_.get(), accepting == Listening::yes ? EPOLL_CTL_ADD : EPOLL_CTL_DEL,
               listener_.get(), kListenerId, EPOLLIN);
}

void ServerLoop::pump(ConnectionId id) {
  Peer& peer = *peers_.at(id);
  // One request at a time: `finished` brings the connection here again for the next one.
  if (peer.busy || peer.dead || peer.closing) return;
  const std::optional<HttpRequest> request = peer.http.next_request();
  if (request) {
    peer.busy = true;
    service_.handle(id, *request, base::now());
  } else if (peer.http.malformed()) {
    peer.busy = true;
    service_.reject_malformed(id);
  }
}

void ServerLoop::pump_finished() {
  // Answers that need no step finish at once and append to the list while it is walked.
  for (std::size_t i = 0; i < finished_.size(); ++i) {
    if (peers_.count(finished_[i]) != 0) pump(finished_[i]);
  }
  finished_.clear();
}

void ServerLoop::watch_output(ConnectionId id, Peer& peer) {
  if (peer.http.has_unsent() == peer.wants_out) return;
  peer.wants_out = peer.http.has_unsent();
  epoll_update(epoll_.get(), EPOLL_CTL_MOD, peer.http.fd(), id,
               peer.wants_out ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

void ServerLoop::mark_dead(ConnectionId id, Peer& peer) {
  if (peer.dead) return;
  peer.dead = true;
  dead_.push_back(id);
}

void ServerLoop::reap() {
  for (const ConnectionId id : dead_) {
    service_.disconnected(id, base::now());
    peers_.erase(id);
  }
  if (!dead_.empty() && listening_ == Listening::yes) set_accepting(Listening::yes);
  dead_.clear();
}

void ServerLoop::close_idle(base::TimePoint now) {
  next_sweep_ = now + kSweepPeriod;
  for (const auto& [id, peer] : peers_) {
    const bool idle = peer->served && !peer->busy && !peer->http.mid_request();
    if (idle && now - peer->idle_since > kIdleLimit) mark_dead(id, *peer);
  }
  reap();
}

}  // namespace tokamark::sim
