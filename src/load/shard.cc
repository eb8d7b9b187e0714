#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/assert.h"
#include "load/shard_internal.h"

namespace tokamark::load {

namespace {

using record::RequestError;
using record::RequestStatus;

/// Most streams one thread opens for an open load before a request fails for want of one.
constexpr std::size_t kMaxSlots = 100'000;

/// A server that promises keep-alive and then closes anyway (llama.cpp does after every stream)
/// has this many chances before its connections are no longer used twice.
constexpr std::uint64_t kReuseTrials = 3;

std::size_t streams_of(const PlayOptions& options, std::uint32_t index) {
  if (options.schedule->load.kind == workload::LoadKind::open) return 0;
  const std::uint32_t all = options.schedule->load.concurrency;
  return all / options.threads + (index < all % options.threads ? 1 : 0);
}

}  // namespace

Shard::Shard(const PlayOptions& options, const Place& place)
    : options_(options),
      place_(place),
      feed_({options.schedule, options.renderer, place.index, options.threads,
             std::clamp<std::size_t>(streams_of(options, place.index), 64, 4096),
             options.most_requests}),
      buffer_(protocol::ResponseParser::kHeadroom + kReadSize) {
  records_.reserve(std::max<std::size_t>(options.schedule->requests.size(), 1024));
  for (std::size_t i = 0; i < streams_of(options, place.index); ++i) add_slot();
}

Shard::~Shard() = default;

bool Shard::reuses_connections() const {
  return reuse_lost_ < kReuseTrials || reuse_lost_ <= reuse_kept_;
}

bool Shard::closed_loop() const {
  return options_.schedule->load.kind == workload::LoadKind::closed;
}

Shard::Slot& Shard::add_slot() {
  slots_.emplace_back(events_, static_cast<std::uint32_t>(slots_.size()));
  idle_.push_back(&slots_.back());
  return slots_.back();
}

void Shard::open_connection(Slot& slot) {
  close_connection(slot);
  slot.connection.connect(options_.endpoint, tls_);
  slot.answered = false;
  slot.connect_started = now();
  if (slot.connection.socket() >= 0) poller_.watch(slot.connection.socket(), &slot);
}

std::size_t Shard::connect_all() {
  using State = net::Connection::State;
  start_ = std::chrono::steady_clock::now();
  for (Slot& slot : slots_) open_connection(slot);
  std::size_t waiting = slots_.size();
  while (waiting > 0 && now() < options_.timeouts.connect && !options_.stop->load()) {
    (void)poller_.wait(start_ + now(), start_ + options_.timeouts.connect, kLongestWait);
    waiting = 0;
    for (Slot& slot : slots_) {
      slot.connection.advance();
      const State state = slot.connection.state();
      waiting += state == State::connecting || state == State::handshaking ? 1 : 0;
    }
  }
  std::size_t failed = 0;
  for (Slot& slot : slots_) {
    if (slot.connection.state() == State::open) continue;
    ++failed;
    connect_error_ = slot.connection.error().empty() ? "no answer within the connect timeout"
                                                     : slot.connection.error();
  }
  return failed;
}

void Shard::run(base::TimePoint start) {
  start_ = start;
  const double cpu_before = read_thread_usage().cpu_s;
  place_.window->advance(base::Nanos(0));  // without a warm-up the first requests are measured
  if (closed_loop()) {
    // All streams are due at the start. The copy is taken because issue() takes slots off idle_.
    const std::vector<Slot*> streams = idle_;
    idle_.clear();
    for (Slot* slot : streams) {
      if (!feed_.empty()) issue(*slot, base::Nanos(0));
    }
  }
  for (;;) {
    const base::Nanos at = now();
    if (stamps_.refresh(start_ + at)) clock_stepped_ = true;
    place_.window->advance(at);
    note_costs(at);
    start_due(at);
    if (options_.stop->load(std::memory_order_relaxed)) {
      stopped_ = true;
      break;
    }
    if (!reported_ready_ && place_.window->closed() && !measured_work_left()) {
      reported_ready_ = true;
      place_.finish->ready.fetch_add(1, std::memory_order_acq_rel);
    }
    if (place_.finish->all()) break;
    feed_.refill();
    wait_and_receive(at);
    check_timeouts(now());
  }
  note_costs(now());
  cut_off_rest(now());
  cost_.cpu_s = read_thread_usage().cpu_s - cpu_before;
}

base::TimePoint Shard::next_wake() {
  if (closed_loop() || feed_.empty()) return base::TimePoint::max();
  return start_ + feed_.next_offset();
}

void Shard::note_costs(base::Nanos at) {
  if (!at_open_ && place_.window->opened()) {
    at_open_ = read_thread_usage();
    opened_ = at;
    in_flight_at_open_ = in_flight_.time_until(at);
    if (options_.window_opened != nullptr) options_.window_opened->store(true);
  }
  if (!at_open_ || window_cost_done_ || !place_.window->closed()) return;
  window_cost_done_ = true;
  const base::Nanos in_flight = in_flight_.time_until(at) - in_flight_at_open_;
  if (at > opened_) {
    cost_.window_in_flight = base::to_seconds(in_flight) / base::to_seconds(at - opened_);
  }
  const ThreadUsage at_close = read_thread_usage();
  cost_.window_cpu_s = at_close.cpu_s - at_open_->cpu_s;
  cost_.window_voluntary_switches = at_close.voluntary - at_open_->voluntary;
  cost_.window_involuntary_switches = at_close.involuntary - at_open_->involuntary;
  if (at_close.run_delay && at_open_->run_delay) {
    cost_.window_run_delay = *at_close.run_delay - *at_open_->run_delay;
  }
}

void Shard::start_due(base::Nanos at) {
  if (closed_loop()) return;
  while (!feed_.empty() && feed_.next_offset() <= at) {
    const base::Nanos scheduled = feed_.next_offset();
    if (idle_.empty() && slots_.size() >= kMaxSlots) {
      refuse(scheduled);
    } else {
      issue(free_slot(), scheduled);
    }
    at = now();
  }
}

void Shard::refuse(base::Nanos scheduled) {
  const RequestFeed::Ready next = feed_.take();
  record::RequestRecord record;
  record.sequence = next.sequence;
  record.schedule_index = next.schedule_index;
  record.requested_output_tokens = next.output_tokens;
  record.scheduled = scheduled;
  record.error = RequestError::connect_failed;
  record.error_message = "no stream is left: 100,000 of this load thread are in flight";
  record.ended = now();
  place_.window->count_ended(scheduled);
  records_.push_back(std::move(record));
}

Shard::Slot& Shard::free_slot() {
  if (idle_.empty()) add_slot();
  // The most recently used connection is the least likely to have been closed for idleness.
  Slot& slot = *idle_.back();
  idle_.pop_back();
  return slot;
}

void Shard::issue(Slot& slot, base::Nanos scheduled) {
  TOKAMARK_ASSERT(slot.state == SlotState::idle && !feed_.empty());
  RequestFeed::Ready next = feed_.take();
  slot.request.swap(next.bytes);
  slot.sent = 0;
  slot.pending.sequence = next.sequence;
  slot.pending.schedule_index = next.schedule_index;
  slot.pending.requested_output_tokens = next.output_tokens;
  slot.pending.scheduled = scheduled;
  slot.reused = slot.answered;
  if (slot.connection.state() == net::Connection::State::open) {
    slot.state = SlotState::sending;
    send_some(slot);
  } else {
    ++slot.pending.connections;
    slot.state = SlotState::connecting;
    open_connection(slot);
    on_ready(slot, PeerClose::unknown);
  }
  feed_.give_back(std::move(next.bytes));
}

void Shard::send_some(Slot& slot) {
  while (slot.sent < slot.request.size()) {
    const base::Nanos at = now();
    const long taken =
        slot.connection.write(slot.request.data() + slot.sent, slot.request.size() - slot.sent);
    if (taken > 0) {
      if (slot.sent == 0) mark_sent(slot, at);
      slot.sent += static_cast<std::size_t>(taken);
      continue;
    }
    if (errno == EAGAIN) return;
    const int code = errno;
    if (!slot.reader.active()) mark_sent(slot, at);
    on_closed(slot, {at, base::Nanos(0), ReadStamp::Source::process}, std::strerror(code));
    return;
  }
  slot.reader.mutable_record().bytes_sent = slot.request.size();
  slot.state = SlotState::receiving;
}

void Shard::mark_sent(Slot& slot, base::Nanos at) {
  slot.pending.sent = at;
  in_flight_.add(at);
  slot.last_activity = at;
  slot.reader.begin(std::move(slot.pending), options_.counting);
  slot.pending = record::RequestRecord();
  if (options_.live != nullptr) {
    options_.live->in_flight.fetch_add(1, std::memory_order_relaxed);
  }
}

void Shard::Slot::prefetch() const {
  constexpr std::size_t kLine = 64;
  constexpr std::size_t kOfEveryRead = 9 * kLine;
  const char* const begin = reinterpret_cast<const char*>(this);
  for (std::size_t at = 0; at < kOfEveryRead; at += kLine) __builtin_prefetch(begin + at);
}

void Shard::on_events(std::span<const epoll_event> events) {
  const auto slot_at = [&](std::size_t i) -> Slot& {
    return *static_cast<Slot*>(events[i].data.ptr);
  };
  each_ahead(events.size(), slot_at, [&](std::size_t i) {
    const bool closing = (events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    on_ready(slot_at(i), closing ? PeerClose::seen : PeerClose::unknown);
  });
}

void Shard::show_tokens() {
  if (options_.live != nullptr && unshown_tokens_ > 0) {
    options_.live->tokens.fetch_add(unshown_tokens_, std::memory_order_relaxed);
    unshown_tokens_ = 0;
  }
}

void Shard::on_ready(Slot& slot, PeerClose close) {
  using State = net::Connection::State;
  if (slot.connection.state() == State::connecting ||
      slot.connection.state() == State::handshaking) {
    slot.connection.advance();
  }
  if (slot.state == SlotState::connecting) {
    if (slot.connection.state() == State::failed) {
      slot.reader.begin(std::move(slot.pending), options_.counting);
      slot.pending = record::RequestRecord();
      slot.reader.give_up(RequestStatus::failed, RequestError::connect_failed,
                          slot.connection.error(), now());
      end_request(slot, now());
      return;
    }
    if (slot.connection.state() != State::open) return;
    slot.state = SlotState::sending;
  }
  if (slot.connection.state() != State::open) return;
  if (ring_ != nullptr && !slot.receiving) start_receiving(slot);
  if (slot.state == SlotState::sending) send_some(slot);
  if (ring_ == nullptr && slot.connection.state() == State::open) read_all(slot, close);
}

void Shard::on_closed(Slot& slot, const ReadStamp& stamp, const char* reason) {
  if (slot.state == SlotState::idle || !slot.reader.active()) {
    close_connection(slot);
    return;
  }
  // A reused connection that the server had already closed for idleness: no byte of an answer
  // exists, so the same request goes out once more on a fresh connection, and the record says so.
  const record::RequestRecord& record = slot.reader.record();
  if (!slot.reader.has_bytes() && record.connections == 0 && record.resends == 0) {
    if (slot.reused) ++reuse_lost_;
    resend(slot);
    return;
  }
  if (reason == nullptr) {
    slot.reader.on_eof(stamp);
  } else if (slot.state == SlotState::sending) {
    slot.reader.give_up(RequestStatus::failed, RequestError::send_failed, reason, stamp.time);
  } else {
    slot.reader.on_broken(reason, stamp);
  }
  end_request(slot, stamp.time);
}

void Shard::resend(Slot& slot) {
  slot.reader.give_up(RequestStatus::failed, RequestError::connection_closed, "", now());
  const record::RequestRecord old = slot.reader.take();
  slot.pending = record::RequestRecord();
  slot.pending.sequence = old.sequence;
  slot.pending.schedule_index = old.schedule_index;
  slot.pending.requested_output_tokens = old.requested_output_tokens;
  slot.pending.scheduled = old.scheduled;
  slot.pending.resends = 1;
  slot.pending.connections = 1;
  in_flight_.remove(old.sent);  // its time begins when it is sent again
  if (options_.live != nullptr) {
    options_.live->in_flight.fetch_sub(1, std::memory_order_relaxed);
  }
  slot.sent = 0;
  slot.state = SlotState::connecting;
  open_connection(slot);
  on_ready(slot, PeerClose::unknown);
}

void Shard::end_request(Slot& slot, base::Nanos at) {
  record::RequestRecord record = slot.reader.take();
  const bool was_sent = record.sent.count() >= 0;
  if (was_sent) in_flight_.remove(at);
  if (slot.reused && record.connections == 0 && record.first_byte.count() >= 0) ++reuse_kept_;
  slot.answered = slot.reader.keep_alive() && reuses_connections();
  if (!slot.answered) close_connection(slot);
  slot.state = SlotState::idle;
  place_.window->count_ended(record.scheduled);
  const bool connect_failed =
      record.error == RequestError::connect_failed || record.error == RequestError::connect_timeout;
  if (closed_loop() && !place_.finish->all() && !connect_failed && !feed_.empty()) {
    issue(slot, at);
  } else {
    idle_.push_back(&slot);
  }
  if (options_.live != nullptr) {
    if (was_sent) options_.live->in_flight.fetch_sub(1, std::memory_order_relaxed);
    auto& counter = record.status == RequestStatus::succeeded ? options_.live->succeeded
                                                              : options_.live->failed;
    counter.fetch_add(1, std::memory_order_relaxed);
  }
  records_.push_back(std::move(record));
}

}  // namespace tokamark::load
