#include "watch/event_log.h"

#include <charconv>

namespace tokamark::watch {

namespace {

/// Trials in one write; what is left follows after it.
constexpr std::size_t kMostAtOnce = 64;

}  // namespace

std::string sse_event(std::string_view name, std::string_view id, std::string_view data) {
  std::string out = "event: " + std::string(name) + "\n";
  if (!id.empty()) out += "id: " + std::string(id) + "\n";
  out += "data: ";
  for (std::size_t i = 0; i < data.size(); ++i) {
    const bool pair = data[i] == '\r' && i + 1 < data.size() && data[i + 1] == '\n';
    if (pair) continue;
    if (data[i] == '\n' || data[i] == '\r') {
      out += "\ndata: ";
    } else {
      out += data[i];
    }
  }
  return out + "\n\n";
}

void EventLog::add(const FinishedTrial& trial) {
  const std::string id = name_ + "-" + std::to_string(trials_.size() + 1);
  trials_.push_back(sse_event("trial", id, to_json(trial).dump()));
}

void EventLog::set_state(const Snapshot& snapshot) {
  std::string data = to_json(snapshot).dump();
  if (data == state_) return;
  state_ = std::move(data);
  ++number_;
}

Cursor EventLog::resume(std::string_view last_id) const {
  const std::size_t dash = last_id.rfind('-');
  if (dash == std::string_view::npos || last_id.substr(0, dash) != name_) return {};
  const std::string_view digits = last_id.substr(dash + 1);
  Cursor cursor;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), cursor.trials);
  const bool whole = read.ec == std::errc() && read.ptr == digits.data() + digits.size();
  if (!whole || cursor.trials > trials_.size()) return {};
  return cursor;
}

bool EventLog::has_news(const Cursor& cursor) const {
  return cursor.trials < trials_.size() || cursor.state != number_;
}

std::string EventLog::next(Cursor& cursor) const {
  std::string out;
  const std::size_t end = std::min(trials_.size(), cursor.trials + kMostAtOnce);
  for (; cursor.trials < end; ++cursor.trials) out += trials_[cursor.trials];
  // The state comes last, so that who sees the end of a study has all its trials.
  if (cursor.trials == trials_.size() && cursor.state != number_) {
    out += sse_event("state", "", state_);
    cursor.state = number_;
  }
  return out;
}

}  // namespace tokamark::watch
