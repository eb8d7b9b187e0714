#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/error.h"
#include "net/receive.h"

namespace tokamark::net {

/// Receives for many connections of one thread by io_uring: the kernel puts what arrives into
/// shared buffers and tells of many reads by one system call. Each read carries the kernel's
/// receive stamp, as `receive` does. Made on any thread, used by the one that called `attach`; that
/// thread must have ended before the ring is destroyed, which is when the kernel lets go of its
/// buffers.
class ReceiveRing {
 public:
  /// A connection, in the owner's numbering; not kReserved or above.
  using Token = std::uint64_t;
  static constexpr Token kReserved = ~Token{0} - 1;

  /// One read of one connection. `data`, and `headroom` bytes before it, belong to the reader until
  /// the next `wait`.
  struct Arrival {
    Token token = 0;
    char* data = nullptr;
    Received got;
    bool ended = false;  ///< nothing more is received: call `start` again for what comes later
  };
  struct Ready {
    std::span<const Arrival> arrivals;  ///< at most 64; valid until the next `wait`
    bool poller = false;                ///< the watched descriptor is ready
  };

  /// Bytes before the data that the owner may write to.
  static constexpr std::size_t kMostHeadroom = 2048;

  /// `poller` is another descriptor to wait for, such as that of an epoll; it must outlive the
  /// ring. Errors have kind `study`, since only a study asks for io_uring, and say what is missing:
  /// the kernel forbids it or is older than 6.1, or the program was built without liburing 2.3.
  static base::Result<std::unique_ptr<ReceiveRing>> make(int poller, std::size_t headroom);

  ReceiveRing(const ReceiveRing&) = delete;
  ReceiveRing& operator=(const ReceiveRing&) = delete;
  virtual ~ReceiveRing() = default;

  /// The calling thread is the one that is going to use the ring.
  virtual base::Result<void> attach() = 0;

  /// Receives from the open socket from the next `wait` on, until the peer's close, an error, an
  /// arrival that `ended`, or `stop`.
  virtual void start(int socket, Token token) = 0;
  /// Stops receiving; call before the socket is closed. Arrivals with this token may still come.
  virtual void stop(Token token) = 0;

  /// Waits until something has arrived, at most `longest`; 0 only looks.
  virtual Ready wait(std::chrono::milliseconds longest) = 0;

 protected:
  ReceiveRing() = default;
};

}  // namespace tokamark::net
