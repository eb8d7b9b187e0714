#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <thread>

#include "net/connection.h"
#include "probe/host_facts.h"

namespace tokamark::probe {

namespace {

constexpr int kLongestWait_ms = 1000;
/// The kernel switches stamping on a moment after the first socket asks, in a work queue that waits
/// its turn on a busy machine, so the first bytes may come without a stamp.
constexpr int kExchanges = 100;
constexpr std::chrono::milliseconds kPause{1};

/// A file descriptor that is closed at the end.
struct Descriptor {
  explicit Descriptor(int fd) : number(fd) {}
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number;
};

bool ready(int socket, short events) {
  pollfd wanted{socket, events, 0};
  return ::poll(&wanted, 1, kLongestWait_ms) > 0;
}

/// Bytes from `peer` to the connection until one of them is stamped.
LoopbackFacts exchange(net::Connection& connection, int peer) {
  LoopbackFacts facts;
  for (int i = 0; i < kExchanges && !facts.stamped; ++i) {
    char byte = 'x';
    if (::send(peer, &byte, 1, MSG_NOSIGNAL) != 1 || !ready(connection.socket(), POLLIN)) {
      facts.problem = "bytes do not come through on 127.0.0.1";
      return facts;
    }
    facts.stamped = connection.read(&byte, 1).stamp_ns != 0;
    if (!facts.stamped) std::this_thread::sleep_for(kPause);
  }
  return facts;
}

}  // namespace

LoopbackFacts test_loopback() {
  const auto failed = [](const std::string& what) {
    return LoopbackFacts{what + " on 127.0.0.1: " + std::strerror(errno), false};
  };
  const Descriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (listener.number < 0) return failed("cannot open a socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener.number, generic, size) != 0 || ::listen(listener.number, 1) != 0 ||
      ::getsockname(listener.number, generic, &size) != 0) {
    return failed("cannot listen");
  }
  net::Endpoint endpoint;
  endpoint.host = "127.0.0.1";
  std::memcpy(&endpoint.address, &address, sizeof address);
  endpoint.address_size = sizeof address;
  net::Connection connection;
  connection.connect(endpoint, nullptr);
  if (connection.socket() >= 0 && ready(connection.socket(), POLLOUT)) connection.advance();
  if (connection.state() != net::Connection::State::open) {
    return {"cannot connect on 127.0.0.1: " +
                (connection.error().empty() ? "no answer in 1 s" : connection.error()),
            false};
  }
  const Descriptor peer(::accept4(listener.number, nullptr, nullptr, SOCK_CLOEXEC));
  if (peer.number < 0) return failed("cannot accept");
  return exchange(connection, peer.number);
}

}  // namespace tokamark::probe
