#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "sim/http_connection.h"
#include "sim/service.h"

namespace tokamark::sim {

/// A file descriptor that closes itself.
class OwnedFd {
 public:
  explicit OwnedFd(int fd = -1) : fd_(fd) {}
  ~OwnedFd();
  OwnedFd(const OwnedFd&) = delete;
  OwnedFd& operator=(const OwnedFd&) = delete;
  OwnedFd(OwnedFd&& other) noexcept : fd_(other.release()) {}
  OwnedFd& operator=(OwnedFd&& other) noexcept;
  [[nodiscard]] int get() const { return fd_; }
  int release();

 private:
  int fd_;
};

/// The epoll loop of the simulated engine: one thread, one listener, one timer for step ends.
class ServerLoop final : public ReplySink {
 public:
  ServerLoop(ServiceOptions options, TruthLog truth);
  ~ServerLoop() override = default;
  ServerLoop(const ServerLoop&) = delete;
  ServerLoop& operator=(const ServerLoop&) = delete;

  /// Claims the address; connections are accepted later, by `run`. Errors have kind `engine` and
  /// name host, port and fix.
  base::Result<void> bind(const std::string& host, std::uint16_t port);
  /// Serves until `stop`. See `serve`.
  base::Result<void> run(const std::atomic<bool>& stop, base::Nanos startup_delay,
                         const std::function<void(std::uint16_t)>& on_ready);

  base::TimePoint send(ConnectionId connection, std::string_view bytes) override;
  void finished(ConnectionId connection, KeepAlive keep_alive) override;
  void reset(ConnectionId connection) override;

 private:
  struct Peer {
    explicit Peer(int fd) : http(fd) {}
    HttpConnection http;
    bool busy = false;     ///< a request is being answered
    bool closing = false;  ///< close when everything is written
    bool dead = false;
    bool served = false;     ///< at least one answer is complete
    bool wants_out = false;  ///< EPOLLOUT is armed
    base::TimePoint idle_since;
  };
  enum class Listening { no, yes };

  base::Result<void> listen_now();
  base::Result<void> become_ready(const std::function<void(std::uint16_t)>& on_ready);
  void wait_and_dispatch(base::TimePoint ready_at);
  void arm_timer(base::TimePoint ready_at);
  void dispatch(ConnectionId id, std::uint32_t events);
  void accept_all();
  void set_accepting(Listening accepting);
  void pump(ConnectionId id);
  void pump_finished();
  void watch_output(ConnectionId id, Peer& peer);
  void mark_dead(ConnectionId id, Peer& peer);
  void reap();
  void close_idle(base::TimePoint now);

  OwnedFd epoll_;
  OwnedFd timer_;
  OwnedFd listener_;
  std::string address_;  ///< "host:port", for messages
  std::uint16_t port_ = 0;
  Listening listening_ = Listening::no;
  Listening accepting_ = Listening::no;
  bool answers_while_loading_ = false;
  bool ready_ = false;
  ConnectionId next_id_;
  base::TimePoint next_sweep_{};
  std::unordered_map<ConnectionId, std::unique_ptr<Peer>> peers_;
  std::vector<ConnectionId> finished_;  ///< may have a next request in their input
  std::vector<ConnectionId> dead_;
  Service service_;
};

}  // namespace tokamark::sim
