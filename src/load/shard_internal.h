#pragma once

#include <string>

#include "load/shard.h"

namespace tokamark::load {

/// Longest sleep of a load thread, and how often it looks at timeouts.
inline constexpr std::chrono::milliseconds kLongestWait{20};

/// One stream: a connection and the request that is on it.
struct Shard::Slot {
  explicit Slot(protocol::StreamEventParser& events) : reader(events) {}
  net::Connection connection;
  StreamReader reader;
  record::RequestRecord pending;  ///< until the first byte is sent
  std::string request;
  std::size_t sent = 0;
  SlotState state = SlotState::idle;
  base::Nanos connect_started{0};
  base::Nanos last_activity{0};
  std::uint64_t tokens_reported = 0;
  bool answered = false;  ///< the connection has carried a whole answer
  bool reused = false;    ///< the request went out on such a connection
};

}  // namespace tokamark::load
