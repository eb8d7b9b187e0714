// The part of the service that turns tokens into writes, and where planted faults bend them.

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "sim/service.h"
#include "sim/service_internal.h"
#include "sim/wire.h"

namespace tokamark::sim {
namespace {

constexpr std::string_view kFailure = "Internal server error";
constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr std::string_view kBrokenEvent = "data: {\"id\":\"broken\",\"choices\":[{\"index\":0,\n\n";

/// Whether `index` is where a fault strikes that waits for `after` tokens; at the latest it is the
/// last token, so that short answers are struck too.
bool strikes_at(const Emission& emission, const std::optional<std::int64_t>& after) {
  return after && (emission.token_index >= *after || emission.last);
}

}  // namespace

void Service::send_head(SequenceId id, Active& active, base::TimePoint now) {
  if (active.head_sent || !active.reply.request.stream) return;
  active.head_sent = true;
  active.pending += dialect_->stream_head(head_context(active.keep_alive));
  if (active.faults.buffered == Struck::no) write(id, active, now);
}

void Service::send_role(SequenceId id, Active& active, base::TimePoint now) {
  if (!active.reply.request.stream || active.reply.request.api != Api::chat) return;
  send_head(id, active, now);
  Token role;
  role.now_s = wall_seconds();
  role.role = RolePart::alone;
  dialect_->append_token(active.reply, role, active.pending);
  if (active.faults.buffered == Struck::no) write(id, active, now);
}

void Service::emit(const Emission& emission, base::TimePoint now) {
  Active& active = active_.at(emission.id);
  observe(emission, active, now);
  if (active.silent || broke_off(emission, active, now)) return;
  Token token = make_token(active, emission, now);
  if (token.index == 0) token.text.append(static_cast<std::size_t>(active.faults.giant_bytes), 'x');
  active.ended = token.last;
  if (active.reply.request.stream) {
    append_event(active, std::move(token));
  } else {
    append_whole(active, token);
  }
  const bool due = active.pending_events >= active.faults.events_per_write;
  if (due || active.ended) write(emission.id, active, now);
}

void Service::observe(const Emission& emission, Active& active, base::TimePoint now) {
  if (emission.token_index == 0) {
    active.first_token = now;
    latencies_.ttft.observe(now - active.truth.arrival);
  } else {
    latencies_.itl.observe(now - active.last_token);
  }
  active.last_token = now;
  if (!emission.last) return;
  latencies_.e2e.observe(now - active.truth.arrival);
  if (emission.token_index == 0) return;
  latencies_.tpot.observe((now - active.first_token) / emission.token_index);
}

void Service::append_event(Active& active, Token token) {
  const RequestFaults& faults = active.faults;
  if (!active.head_sent) {
    active.pending += dialect_->stream_head(head_context(active.keep_alive));
    active.head_sent = true;
  }
  active.pending_tokens += 1;
  active.bundled_text += token.text;
  const auto bundled = static_cast<std::int64_t>(active.bundled_ids.size()) + 1;
  if (!token.last && bundled < faults.tokens_per_event) {
    active.bundled_ids.push_back(token.id);
    return;
  }
  token.text = std::exchange(active.bundled_text, {});
  token.earlier_ids = std::exchange(active.bundled_ids, {});
  const bool first = holds_first(token);
  if (faults.role != RolePlace::with_first_token) token.role = RolePart::left_out;
  if (first && faults.malformed == Struck::yes) append_chunk(kBrokenEvent, active.pending);
  dialect_->append_token(active.reply, token, active.pending);
  active.pending_events += 1;
  const bool role_follows = first && !token.last && faults.role == RolePlace::after_first_token;
  if (!role_follows || active.reply.request.api != Api::chat) return;
  Token role;
  role.now_s = token.now_s;
  role.role = RolePart::alone;
  dialect_->append_token(active.reply, role, active.pending);
}

void Service::append_whole(Active& active, const Token& token) {
  active.whole_text += token.text;
  if (!token.last) return;
  const Answer whole{200, {}, dialect_->whole_body(active.reply, token, active.whole_text)};
  active.pending += dialect_->answer_bytes(whole, head_context(active.keep_alive));
  active.pending_tokens = token.index + 1;
}

bool Service::broke_off(const Emission& emission, Active& active, base::TimePoint now) {
  const RequestFaults& faults = active.faults;
  if (strikes_at(emission, faults.silent_after_tokens)) {
    active.silent = true;
    return true;
  }
  if (strikes_at(emission, faults.error_after_tokens)) {
    steps_.abort(emission.id);
    fail(emission.id, active);
    return true;
  }
  if (!emission.last || faults.drop_slowest_share <= 0) return false;
  const base::Nanos latency = now - active.truth.arrival;
  if (plan_.among_slowest(latency, faults.drop_slowest_share) == Struck::no) return false;
  finish(emission.id, Outcome::aborted, Stays::closed);
  return true;
}

void Service::fail(SequenceId id, Active& active) {
  std::string bytes = std::exchange(active.pending, {});
  const std::size_t before = bytes.size();
  if (active.reply.request.stream) {
    if (!active.head_sent) bytes += dialect_->stream_head(head_context(active.keep_alive));
    const std::size_t head_end = bytes.size();
    dialect_->append_failure(active.reply, kFailure, bytes);
    const bool dropped = bytes.size() == head_end;
    send(active, bytes);
    finish(id, Outcome::aborted, dropped ? Stays::closed : Stays::as_asked);
    return;
  }
  TOKAMARK_ASSERT(before == 0);
  bytes = dialect_->answer_bytes(dialect_->failure_answer(500, kFailure),
                                 head_context(active.keep_alive));
  send(active, bytes);
  finish(id, Outcome::aborted, Stays::as_asked);
}

void Service::write(SequenceId id, Active& active, base::TimePoint now) {
  if (active.silent || active.pending.empty() || !active.slow_head.empty()) return;
  if (active.faults.slow_headers.count() > 0 && active.bytes_sent == 0) {
    const std::size_t head = active.pending.find(kHeadEnd) + kHeadEnd.size();
    active.slow_head = active.pending.substr(0, head);
    active.pending.erase(0, head);
    active.slow_gap = active.faults.slow_headers / static_cast<std::int64_t>(head);
    active.slow_due = now;
    slow_heads_.push_back(id);
    return;
  }
  const base::TimePoint sent = send(active, active.pending);
  active.pending.clear();
  active.pending_events = 0;
  if (active.silent) return;  // reset within these bytes
  const auto tokens = static_cast<std::size_t>(std::exchange(active.pending_tokens, 0));
  const auto held = active.bundled_ids.size();
  active.pending_tokens = static_cast<std::int64_t>(held);
  active.truth.emissions.insert(active.truth.emissions.end(), tokens - held, sent);
  if (active.ended) finish(id, Outcome::finished, Stays::as_asked);
}

base::TimePoint Service::send(Active& active, std::string_view bytes) {
  const auto limit = active.faults.reset_after_bytes;
  const auto size = static_cast<std::int64_t>(bytes.size());
  if (!limit || active.bytes_sent + size <= *limit) {
    active.bytes_sent += size;
    return sink_.send(active.connection, bytes);
  }
  const auto left = static_cast<std::size_t>(*limit - active.bytes_sent);
  const base::TimePoint sent = sink_.send(active.connection, bytes.substr(0, left));
  active.silent = true;
  sink_.reset(active.connection);
  return sent;
}

void Service::write_slow_heads(base::TimePoint now) {
  const std::vector<SequenceId> slow = slow_heads_;
  for (const SequenceId id : slow) {
    Active& active = active_.at(id);
    std::size_t written = 0;
    while (written < active.slow_head.size() && active.slow_due <= now && !active.silent) {
      send(active, std::string_view(active.slow_head).substr(written, 1));
      active.slow_due += active.slow_gap;
      written += 1;
    }
    active.slow_head.erase(0, written);
    if (!active.slow_head.empty() && !active.silent) continue;
    std::erase(slow_heads_, id);
    write(id, active, now);
  }
}

void Service::finish(SequenceId id, Outcome outcome, Stays stays) {
  const auto found = active_.find(id);
  TOKAMARK_ASSERT(found != active_.end());
  // Reset while its last bytes were written: `disconnected` will end it.
  if (found->second.silent) return;
  Active active = std::move(found->second);
  active_.erase(found);
  std::erase(slow_heads_, id);
  by_connection_.erase(active.connection);
  active.truth.outcome = outcome;
  truth_.add(active.truth);
  sink_.finished(active.connection, stays == Stays::closed ? KeepAlive::no : active.keep_alive);
}

Token Service::make_token(const Active& active, const Emission& emission,
                          base::TimePoint now) const {
  const GeneratedText text(active.reply.request.text_seed);
  Token token;
  token.index = emission.token_index;
  token.id = text.id(emission.token_index);
  token.text = text.text(emission.token_index);
  token.last = emission.last;
  token.now_s = wall_seconds();
  token.prompt_time = active.first_token - active.admitted;
  token.predicted_time = now - active.first_token;
  return token;
}

}  // namespace tokamark::sim
