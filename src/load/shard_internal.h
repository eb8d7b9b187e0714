#pragma once

#include <string>

#include "load/shard.h"

namespace tokamark::load {

/// Longest sleep of a load thread, and shortest pause between two looks at timeouts.
inline constexpr std::chrono::milliseconds kLongestWait{20};

/// One stream: a connection and the request that is on it.
struct Shard::Slot {
  explicit Slot(protocol::StreamEventParser& events) : reader(events) {}

  /// Asks for the memory that a read is going to need: with thousands of streams it is in no near
  /// cache. First the stream itself, some reads ahead; then what it points to, and so on.
  void prefetch() const;
  void prefetch_session() const { connection.prefetch_session(); }
  void prefetch_targets() const {
    connection.prefetch_targets();
    reader.prefetch_targets();
  }

  // In order of use: what every read needs comes first.
  SlotState state = SlotState::idle;
  bool answered = false;  ///< the connection has carried a whole answer
  bool reused = false;    ///< the request went out on such a connection
  base::Nanos last_activity{0};
  net::Connection connection;
  StreamReader reader;
  record::RequestRecord pending;  ///< until the first byte is sent
  std::string request;
  std::size_t sent = 0;
  base::Nanos connect_started{0};
};

}  // namespace tokamark::load
