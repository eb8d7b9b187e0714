#include "net/receive_ring.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <thread>
#include <utility>

#include "net/connection.h"

namespace tokamark::net {
namespace {

using Status = Received::Status;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kHeadroom = 1024;

/// Two ends of a TCP connection on the loopback; `ours` asks for receive stamps.
struct Pair {
  Pair() {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener, any, size), 0);
    EXPECT_EQ(::listen(listener, 1), 0);
    EXPECT_EQ(::getsockname(listener, any, &size), 0);
    ours = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    enable_receive_stamps(ours);
    EXPECT_EQ(::connect(ours, any, size), 0);
    theirs = ::accept(listener, nullptr, nullptr);
    ::close(listener);
  }
  ~Pair() {
    if (ours >= 0) ::close(ours);
    if (theirs >= 0) ::close(theirs);
  }
  void write(const std::string& bytes) const {
    EXPECT_EQ(::send(theirs, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  int ours = -1, theirs = -1;
};

/// A ring of this thread, skipped with the reason where there can be none.
class Receiving : public testing::Test {
 protected:
  void SetUp() override {
    auto made = ReceiveRing::make(event, kHeadroom);
    if (!made.has_value()) GTEST_SKIP() << made.error().message;
    ring = std::move(made.value());
    ASSERT_TRUE(ring->attach().has_value());
  }
  ~Receiving() override { ::close(event); }

  ReceiveRing::Ready wait() { return ring->wait(milliseconds(10'000)); }
  ReceiveRing::Ready look() { return ring->wait(milliseconds(0)); }
  /// What comes for the token until `size` bytes are there, or something else than bytes; receiving
  /// that ended is started again.
  std::string read(const Pair& pair, ReceiveRing::Token token, std::size_t size) {
    std::string all;
    while (all.size() < size) {
      for (const ReceiveRing::Arrival& arrival : wait().arrivals) {
        EXPECT_EQ(arrival.token, token);
        if (arrival.got.status == Status::bytes) all.append(arrival.data, arrival.got.size);
        if (arrival.got.status == Status::closed || arrival.got.status == Status::error) return all;
        if (arrival.ended) ring->start(pair.ours, token);
      }
    }
    return all;
  }

  int event = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  std::unique_ptr<ReceiveRing> ring;
};

TEST_F(Receiving, HandsOnWhatCameWithTheKernelsStampAndRoomBeforeIt) {
  const Pair pair;
  ring->start(pair.ours, 7);
  (void)look();
  pair.write("hello");
  const ReceiveRing::Ready ready = wait();
  ASSERT_EQ(ready.arrivals.size(), 1U);
  const ReceiveRing::Arrival& arrival = ready.arrivals[0];
  EXPECT_EQ(arrival.token, 7U);
  ASSERT_EQ(arrival.got.status, Status::bytes);
  EXPECT_EQ(std::string(arrival.data, arrival.got.size), "hello");
  EXPECT_FALSE(arrival.ended);
  EXPECT_FALSE(ready.poller);
  std::fill(arrival.data - kHeadroom, arrival.data, 'x');
  EXPECT_EQ(std::string(arrival.data, arrival.got.size), "hello");
  // Some sandboxes stamp nothing, as for `receive`.
  if (arrival.got.stamp_ns != 0) {
    const StampClock clock;
    const base::Nanos age = steady_clock::now() - clock.to_monotonic(arrival.got.stamp_ns);
    EXPECT_GE(age, base::Nanos(-1'000'000));
    EXPECT_LT(age, std::chrono::seconds(5));
  }
}

TEST_F(Receiving, ReadsWhatWasThereBeforeItWasAskedTo) {
  const Pair pair;
  pair.write("early");
  ring->start(pair.ours, 1);
  EXPECT_EQ(read(pair, 1, 5), "early");
}

TEST_F(Receiving, TellsConnectionsApart) {
  const Pair a, b;
  ring->start(a.ours, 1);
  ring->start(b.ours, 2);
  a.write("for a");
  EXPECT_EQ(read(a, 1, 5), "for a");
  b.write("for b");
  EXPECT_EQ(read(b, 2, 5), "for b");
}

TEST_F(Receiving, LosesNothingOfMoreThanAllItsBuffersHold) {
  const Pair pair;
  ring->start(pair.ours, 1);
  (void)look();
  std::string sent;
  for (int i = 0; sent.size() < 8'000'000; ++i) sent += std::to_string(i) + ",";
  std::thread writer([&] {
    for (std::size_t at = 0; at < sent.size();) {
      const ssize_t taken = ::send(pair.theirs, sent.data() + at, sent.size() - at, MSG_NOSIGNAL);
      if (taken < 0) return;
      at += static_cast<std::size_t>(taken);
    }
  });
  EXPECT_TRUE(read(pair, 1, sent.size()) == sent);
  writer.join();
}

TEST_F(Receiving, TellsOfTheEndAfterTheLastBytes) {
  Pair pair;
  ring->start(pair.ours, 1);
  pair.write("bye");
  ::close(std::exchange(pair.theirs, -1));
  EXPECT_EQ(read(pair, 1, 100), "bye");
}

TEST_F(Receiving, TellsOfAReset) {
  Pair pair;
  ring->start(pair.ours, 1);
  (void)look();
  const linger at_once{1, 0};
  (void)::setsockopt(pair.theirs, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(std::exchange(pair.theirs, -1));
  const ReceiveRing::Ready ready = wait();
  ASSERT_EQ(ready.arrivals.size(), 1U);
  EXPECT_EQ(ready.arrivals[0].got.status, Status::error);
  EXPECT_EQ(ready.arrivals[0].got.error_number, ECONNRESET);
}

TEST_F(Receiving, AStoppedConnectionIsLetGo) {
  Pair pair;
  ring->start(pair.ours, 1);
  (void)look();
  ring->stop(1);
  ::close(std::exchange(pair.ours, -1));
  EXPECT_TRUE(look().arrivals.empty());  // the first tells that it was stopped
  EXPECT_TRUE(look().arrivals.empty());
  const timeval patience{10, 0};
  (void)::setsockopt(pair.theirs, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  char byte = 0;
  EXPECT_EQ(::recv(pair.theirs, &byte, 1, 0), 0);  // nobody holds our end any more
}

// A start that was not yet handed to the kernel must not be taken for the next socket, which has
// the same number.
TEST_F(Receiving, AConnectionStoppedAtOnceTakesNothingOfTheNextSocket) {
  Pair first;
  ring->start(first.ours, 1);
  ring->stop(1);
  const int number = first.ours;
  ::close(std::exchange(first.ours, -1));
  const Pair second;
  ASSERT_EQ(second.ours, number);
  ring->start(second.ours, 2);
  second.write("mine");
  EXPECT_EQ(read(second, 2, 4), "mine");
}

TEST_F(Receiving, TellsOfTheOtherDescriptor) {
  const std::uint64_t one = 1;
  ASSERT_EQ(::write(event, &one, sizeof one), static_cast<ssize_t>(sizeof one));
  EXPECT_TRUE(wait().poller);
  EXPECT_FALSE(look().poller);
  ASSERT_EQ(::write(event, &one, sizeof one), static_cast<ssize_t>(sizeof one));
  EXPECT_TRUE(wait().poller);
}

TEST_F(Receiving, WaitsNoLongerThanItIsAllowedTo) {
  const auto before = steady_clock::now();
  EXPECT_TRUE(ring->wait(milliseconds(3)).arrivals.empty());
  EXPECT_GE(steady_clock::now() - before, milliseconds(3));
}

}  // namespace
}  // namespace tokamark::net
