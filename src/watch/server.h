#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "watch/event_log.h"

namespace tokamark::watch {

/// What a target is answered with.
struct Answer {
  unsigned status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string policy;  ///< Content-Security-Policy; empty = a policy that allows nothing
  std::shared_ptr<const std::string> body;
};

/// What a server serves. `answer` is asked for each target but /events; `tick` is called once a
/// second, before new events are sent. Both on the thread of `run`.
struct Content {
  std::function<Answer(std::string_view target)> answer;
  std::function<void()> tick;
};

struct ServerOptions {
  std::string address = "127.0.0.1";  ///< a loopback address (watch/loopback.h)
  std::uint16_t port = 0;             ///< 0 = any free port
  /// How long a client of /events may take to read one part.
  std::chrono::milliseconds patience = std::chrono::seconds(10);
};

/// Bounds on what clients can take.
inline constexpr std::size_t kMostConnections = 32;
inline constexpr std::size_t kMostFollowers = 16;  ///< of them, those of /events
inline constexpr std::size_t kMostHeaderBytes = 8 * 1024;

/// HTTP/1.1 on a loopback address for GET and HEAD alone. Requests whose Host is not this machine
/// are refused, connections above the bounds are turned away, and a client that does not read is
/// dropped. One thread.
class Server {
 public:
  /// Binds. Kind `usage` when the port is taken.
  static base::Result<std::unique_ptr<Server>> listen(const ServerOptions& options,
                                                      Content content);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  /// Serves until `stop`, which is seen within a quarter of a second. `log` is what /events sends.
  void run(const std::atomic<bool>& stop, const EventLog& log);

 private:
  class Loop;
  explicit Server(std::unique_ptr<Loop> loop);
  std::unique_ptr<Loop> loop_;
};

}  // namespace tokamark::watch
