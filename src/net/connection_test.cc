#include "net/connection.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace tokamark::net {
namespace {

/// A listening socket on a free loopback port.
class Listener {
 public:
  Listener() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(socket_, 8), 0);
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  ~Listener() { close(); }
  int accept() { return ::accept(socket_, nullptr, nullptr); }
  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }
  std::string url;

 private:
  int socket_;
};

void wait(const Connection& connection, short events) {
  pollfd ready{connection.socket(), events, 0};
  ::poll(&ready, 1, 10'000);
}

/// A connection and the other end of it.
struct Pair {
  Pair() {
    connection.connect(endpoint, nullptr);
    peer = listener.accept();
    wait(connection, POLLOUT);
    connection.advance();
  }
  Listener listener;
  Endpoint endpoint = resolve(listener.url).value();
  Connection connection;
  int peer = -1;
};

TEST(Connection, ReadsBytesWithAKernelStampThatIsNotLaterThanTheRead) {
  Pair pair;
  Connection& connection = pair.connection;
  const int peer = pair.peer;
  ASSERT_EQ(connection.state(), Connection::State::open);
  EXPECT_EQ(connection.write("ping", 4), 4);
  char got[8];
  EXPECT_EQ(::read(peer, got, sizeof got), 4);

  ASSERT_EQ(::write(peer, "pong!", 5), 5);
  wait(connection, POLLIN);
  const StampClock clock;
  const Received first = connection.read(got, sizeof got);
  ASSERT_EQ(first.status, Received::Status::bytes);
  EXPECT_EQ(std::string(got, first.size), "pong!");
  EXPECT_EQ(connection.read(got, sizeof got).status, Received::Status::would_block);
  if (first.stamp_ns != 0) {  // the kernel may start stamping only after the first socket asked
    EXPECT_LE(clock.to_monotonic(first.stamp_ns), std::chrono::steady_clock::now());
  }
  ::close(peer);
  wait(connection, POLLIN);
  EXPECT_EQ(connection.read(got, sizeof got).status, Received::Status::closed);
}

TEST(Connection, AReadThatFillsItsBufferDoesNotSayThatNothingIsLeft) {
  Pair pair;
  Connection& connection = pair.connection;
  const int peer = pair.peer;
  ASSERT_EQ(connection.state(), Connection::State::open);
  ASSERT_EQ(::write(peer, "abcd", 4), 4);
  wait(connection, POLLIN);
  char got[3];
  const Received full = connection.read(got, sizeof got);
  EXPECT_EQ(full.size, 3U);
  EXPECT_FALSE(full.drained);
  const Received rest = connection.read(got, sizeof got);
  EXPECT_EQ(rest.size, 1U);
  EXPECT_TRUE(rest.drained);
  ::close(peer);
}

TEST(Connection, ARefusedConnectionFailsWithTheSystemsReason) {
  Listener listener;
  const Endpoint endpoint = resolve(listener.url).value();
  listener.close();
  Connection connection;
  connection.connect(endpoint, nullptr);
  if (connection.state() == Connection::State::connecting) {
    wait(connection, POLLOUT);
    connection.advance();
  }
  EXPECT_EQ(connection.state(), Connection::State::failed);
  EXPECT_EQ(connection.error(), "Connection refused");
}

}  // namespace
}  // namespace tokamark::net
