#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "load/shard_internal.h"

// The part of a shard that waits and receives: from each socket that epoll names, or by io_uring.
namespace tokamark::load {

namespace {

net::ReceiveRing::Token token_of(std::uint32_t slot, std::uint32_t connection_number) {
  return net::ReceiveRing::Token{connection_number} << 32 | slot;
}

std::uint32_t slot_number(net::ReceiveRing::Token token) {
  return static_cast<std::uint32_t>(token);
}

}  // namespace

ReadStamp Shard::stamp_of(const net::Received& received) const {
  ReadStamp stamp;
  const base::Nanos process = now();
  stamp.time = process;
  if (received.stamp_ns == 0 || clock_stepped_) return stamp;
  const base::Nanos kernel = stamps_.to_monotonic(received.stamp_ns) - start_;
  if (kernel > process) return stamp;  // only a stepped clock can do that
  stamp.time = kernel;
  stamp.receive_delay = process - kernel;
  stamp.source = ReadStamp::Source::kernel;
  return stamp;
}

void Shard::read_all(Slot& slot, PeerClose close) {
  char* const data = buffer_.data() + protocol::ResponseParser::kHeadroom;
  while (slot.connection.state() == net::Connection::State::open) {
    const net::Received got = slot.connection.read(data, kReadSize);
    if (got.status == net::Received::Status::would_block) return;
    if (!take_received(slot, data, got)) return;
    // The server's close may have come with its last bytes, and an edge-triggered event tells of
    // both only once; so only without one does an emptied socket spare the read that says so.
    if (got.drained && close == PeerClose::unknown) return;
  }
}

/// Takes the outcome of one read; false when the connection is of no more use.
bool Shard::take_received(Slot& slot, char* data, const net::Received& got) {
  const ReadStamp stamp = stamp_of(got);
  if (got.status != net::Received::Status::bytes) {
    on_closed(
        slot, stamp,
        got.status == net::Received::Status::error ? std::strerror(got.error_number) : nullptr);
    return false;
  }
  if (!slot.reader.active()) {  // bytes that nobody asked for
    close_connection(slot);
    return false;
  }
  slot.last_activity = stamp.time;
  const std::uint64_t tokens_before = slot.reader.tokens_seen();
  slot.reader.on_bytes(data, got.size, stamp);
  unshown_tokens_ += slot.reader.tokens_seen() - tokens_before;
  if (options_.live != nullptr && tokens_before == 0 && slot.reader.tokens_seen() > 0) {
    options_.live->add_ttft(stamp.time - slot.reader.record().scheduled);
  }
  if (!slot.reader.active()) end_request(slot, stamp.time);
  return true;
}

base::Result<void> Shard::use_io_uring() {
  auto ring = net::ReceiveRing::make(poller_.descriptor(), protocol::ResponseParser::kHeadroom);
  if (!ring.has_value()) return std::move(ring).error().with_context("io_uring");
  ring_ = std::move(ring.value());
  return base::ok();
}

void Shard::settle() {
  if (ring_ == nullptr) return;
  const base::Result<void> attached = ring_->attach();
  TOKAMARK_ASSERT(attached.has_value());  // the ring is there, and this is its first thread
  for (Slot& slot : slots_) start_receiving(slot);
  // Handed to the kernel before the load starts, so that its first burst is not delayed.
  on_ring(ring_->wait(std::chrono::milliseconds(0)));
}

void Shard::wait_and_receive(base::Nanos at) {
  if (ring_ == nullptr) {
    on_events(poller_.wait(start_ + at, next_wake(), kLongestWait));
    return;
  }
  const bool may_sleep = poller_.arm(start_ + at, next_wake(), kLongestWait);
  on_ring(ring_->wait(may_sleep ? kLongestWait : std::chrono::milliseconds(0)));
}

void Shard::on_ring(const net::ReceiveRing::Ready& ready) {
  on_arrivals(ready.arrivals);
  // The ring tells once of a poller that is ready, so all of it is taken.
  for (bool more = ready.poller; more;) {
    const auto events = poller_.wait(start_, start_, std::chrono::milliseconds(0));
    more = !events.empty();
    on_events(events);
  }
}

void Shard::start_receiving(Slot& slot) {
  poller_.watch_writing_only(slot.connection.socket(), &slot);
  slot.connection.stop_reading_socket();
  slot.receiving = true;
  ring_->start(slot.connection.socket(), token_of(slot.index, slot.connection_number));
}

void Shard::close_connection(Slot& slot) {
  if (slot.receiving) {
    ring_->stop(token_of(slot.index, slot.connection_number));
    // The ring may hold the socket a little longer, and the server is to know now.
    (void)::shutdown(slot.connection.socket(), SHUT_RDWR);
    slot.receiving = false;
    ++slot.connection_number;
  }
  slot.connection.close();
}

void Shard::on_arrivals(std::span<const net::ReceiveRing::Arrival> arrivals) {
  const auto slot_at = [&](std::size_t i) -> Slot& {
    return slots_[slot_number(arrivals[i].token)];
  };
  each_ahead(arrivals.size(), slot_at, [&](std::size_t i) {
    Slot& slot = slot_at(i);
    // What comes late for a connection that was closed is dropped.
    const bool its_own = slot.receiving && slot.connection_number == arrivals[i].token >> 32;
    if (its_own) on_arrival(slot, arrivals[i]);
  });
}

void Shard::on_arrival(Slot& slot, const net::ReceiveRing::Arrival& arrival) {
  using Status = net::Received::Status;
  const bool over = arrival.got.status == Status::closed || arrival.got.status == Status::error;
  if (arrival.ended && !over) ring_->start(slot.connection.socket(), arrival.token);
  if (slot.connection.uses_tls()) {
    slot.connection.give(arrival.data, arrival.got);
    read_all(slot, PeerClose::unknown);
  } else if (arrival.got.status != Status::would_block) {
    (void)take_received(slot, arrival.data, arrival.got);
  }
}

}  // namespace tokamark::load
