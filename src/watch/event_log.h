#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "watch/snapshot.h"

namespace tokamark::watch {

/// One server-sent event as bytes (HTML living standard, 9.2): `id` may be empty; a line end in
/// `data` begins another data line.
std::string sse_event(std::string_view name, std::string_view id, std::string_view data);

/// What keeps a connection open that has nothing to say.
inline constexpr std::string_view kKeepAlive = ": still here\n\n";

/// Where a client is in the log.
struct Cursor {
  std::size_t trials = 0;   ///< events of finished trials that it has
  std::uint64_t state = 0;  ///< the state that it has; 0 = none
};

/// Every finished trial and the present state, as events. A slow client has no queue of its own:
/// what it gets next is made when its last bytes are gone, and of states only the newest. One
/// thread.
class EventLog {
 public:
  /// `name` tells this server's log from that of another start.
  explicit EventLog(std::string name) : name_(std::move(name)) {}

  void add(const FinishedTrial& trial);
  /// The new state; one that is equal to the present one is no news.
  void set_state(const Snapshot& snapshot);

  /// Where a client goes on whose last event had this id; from the start when it is of another log.
  [[nodiscard]] Cursor resume(std::string_view last_id) const;
  [[nodiscard]] bool has_news(const Cursor& cursor) const;
  /// The next bytes, of bounded size, with the cursor moved behind them; empty = nothing new.
  [[nodiscard]] std::string next(Cursor& cursor) const;
  [[nodiscard]] std::size_t trials() const { return trials_.size(); }

 private:
  std::string name_;
  std::vector<std::string> trials_;
  std::string state_;         ///< its data
  std::uint64_t number_ = 0;  ///< of the state
};

}  // namespace tokamark::watch
