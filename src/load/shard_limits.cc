#include <algorithm>

#include "load/shard_internal.h"

// The part of a shard that ends requests for reasons outside their bytes: timeouts and the end of
// the trial.
namespace tokamark::load {

namespace {

using record::RequestError;
using record::RequestStatus;

/// Pause of a closed stream after a connection that failed.
constexpr std::chrono::seconds kReconnectAfter{1};

/// Pause between two looks at all streams, which with thousands of them is work: a fiftieth of the
/// shortest timeout, within limits.
base::Nanos check_pause(const Timeouts& limits) {
  const base::Nanos shortest =
      std::min({limits.connect, limits.first_byte, limits.inter_chunk, limits.total});
  return std::clamp<base::Nanos>(shortest / 50, kLongestWait, 10 * kLongestWait);
}

}  // namespace

void Shard::check_timeouts(base::Nanos at) {
  if (at < next_check_) return;
  next_check_ = at + check_pause(options_.timeouts);
  for (Slot& slot : slots_) {
    if (slot.state != SlotState::idle) check_timeout(slot, at);
  }
  // A closed stream that could not connect waits before it tries again: a refused connection
  // would otherwise make a busy loop of failures.
  if (!closed_loop()) return;
  const std::vector<Slot*> waiting = std::move(idle_);
  idle_.clear();
  for (Slot* slot : waiting) {
    if (at - slot->connect_started >= kReconnectAfter && !feed_.empty()) {
      issue(*slot, at);
    } else {
      idle_.push_back(slot);
    }
  }
}

void Shard::check_timeout(Slot& slot, base::Nanos at) {
  const Timeouts& limits = options_.timeouts;
  if (slot.state == SlotState::connecting) {
    if (at - slot.connect_started < limits.connect) return;
    slot.reader.begin(std::move(slot.pending), options_.counting);
    slot.pending = record::RequestRecord();
    slot.reader.give_up(RequestStatus::timed_out, RequestError::connect_timeout,
                        "no connection within the connect timeout", at);
  } else if (!slot.reader.active()) {
    return;  // nothing of the request was taken by the kernel yet
  } else if (at - slot.reader.record().sent >= limits.total) {
    slot.reader.give_up(RequestStatus::timed_out, RequestError::total_timeout,
                        "not finished within the total timeout", at);
  } else if (!slot.reader.has_bytes() && at - slot.reader.record().sent >= limits.first_byte) {
    slot.reader.give_up(RequestStatus::timed_out, RequestError::first_byte_timeout,
                        "no byte within the first-byte timeout", at);
  } else if (slot.reader.has_bytes() && at - slot.last_activity >= limits.inter_chunk) {
    slot.reader.give_up(RequestStatus::timed_out, RequestError::inter_chunk_timeout,
                        "silent for longer than the inter-chunk timeout", at);
  } else {
    return;
  }
  end_request(slot, at);
}

bool Shard::measured_work_left() const {
  const Window& window = *place_.window;
  return std::any_of(slots_.begin(), slots_.end(), [&](const Slot& slot) {
    if (slot.state == SlotState::idle) return false;
    const record::RequestRecord& record =
        slot.reader.active() ? slot.reader.record() : slot.pending;
    return window.contains(record.scheduled);
  });
}

void Shard::cut_off_rest(base::Nanos at) {
  for (Slot& slot : slots_) {
    if (slot.state == SlotState::idle) continue;
    if (!slot.reader.active()) slot.reader.begin(std::move(slot.pending), options_.counting);
    slot.reader.give_up(RequestStatus::cut_off, RequestError::none, "", at);
    records_.push_back(slot.reader.take());
    close_connection(slot);
    slot.state = SlotState::idle;
  }
}

}  // namespace tokamark::load
