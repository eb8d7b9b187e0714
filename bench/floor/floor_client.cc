#include "floor/floor_client.h"

#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

namespace tokamark::bench {

namespace {

constexpr std::size_t kReadSize = 64 * 1024;
constexpr int kMaxEvents = 256;

std::int64_t now_ns() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

double process_cpu_s() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Stream {
  int socket = -1;
  FloorParser parser;
};

class Floor {
 public:
  explicit Floor(const FloorOptions& options)
      : options_(options), streams_(options.streams), buffer_(kReadSize) {}
  ~Floor() {
    for (const Stream& stream : streams_) {
      if (stream.socket >= 0) ::close(stream.socket);
    }
    if (epoll_ >= 0) ::close(epoll_);
  }
  Floor(const Floor&) = delete;
  Floor& operator=(const Floor&) = delete;

  FloorResult run() {
    if (!connect_all()) return result_;
    // As the load threads of tokamark ask for it, so that both are measured alike.
    sched_param parameter{};
    parameter.sched_priority = 1;
    (void)::pthread_setschedparam(::pthread_self(), SCHED_FIFO, &parameter);
    const std::int64_t start = now_ns();
    last_start_ = start + static_cast<std::int64_t>(options_.longest_s * 1e9);
    const double cpu_before = process_cpu_s();
    for (Stream& stream : streams_) send_next(stream, start);
    epoll_event ready[kMaxEvents];
    while (in_flight_ > 0) {
      const int count = ::epoll_wait(epoll_, ready, kMaxEvents, 1000);
      for (int i = 0; i < count; ++i) read_all(*static_cast<Stream*>(ready[i].data.ptr));
    }
    result_.cpu_s = process_cpu_s() - cpu_before;
    result_.wall_s = static_cast<double>(now_ns() - start) * 1e-9;
    for (const Stream& stream : streams_) result_.events += stream.parser.events();
    return result_;
  }

 private:
  bool connect_all() {
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    for (Stream& stream : streams_) {
      stream.socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      const auto* address = reinterpret_cast<const sockaddr*>(&options_.address);
      if (stream.socket < 0 || ::connect(stream.socket, address, sizeof options_.address) != 0) {
        result_.error = std::string("cannot connect: ") + std::strerror(errno);
        return false;
      }
      const int on = 1;
      (void)::setsockopt(stream.socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      epoll_event event{};
      event.events = EPOLLIN | EPOLLET;
      event.data.ptr = &stream;
      (void)::epoll_ctl(epoll_, EPOLL_CTL_ADD, stream.socket, &event);
    }
    return true;
  }

  void send_next(Stream& stream, std::int64_t at) {
    if (started_ == options_.requests || at >= last_start_) return;
    ++started_;
    const std::string& bytes = options_.request;
    if (::send(stream.socket, bytes.data(), bytes.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(bytes.size())) {
      ++result_.failed;
      return;
    }
    ++in_flight_;
  }

  void read_all(Stream& stream) {
    for (;;) {
      const ssize_t got = ::recv(stream.socket, buffer_.data(), kReadSize, MSG_DONTWAIT);
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
      if (got <= 0) {
        ++result_.failed;
        --in_flight_;
        (void)::epoll_ctl(epoll_, EPOLL_CTL_DEL, stream.socket, nullptr);
        return;
      }
      const auto size = static_cast<std::size_t>(got);
      const std::int64_t stamp = now_ns();
      stamps_[result_.reads++ % kStamps] = stamp;
      result_.bytes += size;
      if (stream.parser.feed(buffer_.data(), size)) {
        ++result_.responses;
        --in_flight_;
        send_next(stream, stamp);
      }
      if (size < kReadSize) return;  // a short read emptied the socket
    }
  }

  static constexpr std::size_t kStamps = std::size_t{1} << 20;

  const FloorOptions& options_;
  std::vector<Stream> streams_;
  std::vector<char> buffer_;
  std::vector<std::int64_t> stamps_ = std::vector<std::int64_t>(kStamps);
  int epoll_ = -1;
  std::uint64_t started_ = 0, in_flight_ = 0;
  std::int64_t last_start_ = 0;
  FloorResult result_;
};

}  // namespace

FloorResult run_floor(const FloorOptions& options) { return Floor(options).run(); }

const char* FloorParser::body(const char* at, const char* end) {
  const auto left = static_cast<std::size_t>(end - at);
  const char* const stop = at + (left < chunk_ ? left : chunk_);
  chunk_ -= static_cast<std::size_t>(stop - at);
  while (at < stop) {
    const auto* found =
        static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(stop - at)));
    if (found == nullptr) {
      newlines_ = 0;
      break;
    }
    if (found != at) newlines_ = 0;
    if (++newlines_ == 2) {
      ++events_;
      newlines_ = 0;
    }
    at = found + 1;
  }
  return stop;
}

/// One byte of the line with a chunk's size. True at its end.
bool FloorParser::size_line(char c) {
  if (c == '\n') return true;
  if (c == ';' || c == '\r') extension_ = true;
  if (extension_) return false;
  const auto digit = static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  chunk_ = chunk_ * 16 + digit;
  return false;
}

bool FloorParser::feed(const char* data, std::size_t size) {
  const char* at = data;
  const char* const end = data + size;
  while (at < end) {
    switch (at_) {
      case At::head:
        if (*at == '\n') {
          if (++newlines_ == 2) {
            at_ = At::size;
            newlines_ = 0;
          }
        } else if (*at != '\r') {
          newlines_ = 0;
        }
        ++at;
        break;
      case At::size:
        if (size_line(*at++)) {
          extension_ = false;
          last_chunk_ = chunk_ == 0;
          at_ = last_chunk_ ? At::data_end : At::data;
        }
        break;
      case At::data:
        at = body(at, end);
        if (chunk_ == 0) at_ = At::data_end;
        break;
      case At::data_end:
        if (*at++ != '\n') break;
        at_ = last_chunk_ ? At::head : At::size;
        if (last_chunk_) {
          newlines_ = 0;
          return true;
        }
        break;
    }
  }
  return false;
}

}  // namespace tokamark::bench
