#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "load/in_flight.h"
#include "load/player.h"
#include "load/poller.h"
#include "load/request_feed.h"
#include "load/stream_reader.h"
#include "load/thread_usage.h"
#include "net/connection.h"
#include "net/receive_ring.h"

namespace tokamark::load {

/// Counts the load threads whose measured requests have all ended; the last one ends the trial.
struct Finish {
  std::atomic<std::uint32_t> ready{0};
  std::uint32_t threads = 1;
  [[nodiscard]] bool all() const { return ready.load(std::memory_order_acquire) >= threads; }
};

/// One load thread: its loop, connections, slice of the schedule and records. Created and run on
/// the same thread's behalf; nothing is shared but `Window`, `LiveStats` and `Finish`.
class Shard {
 public:
  struct Place {
    std::uint32_t index = 0;
    Window* window = nullptr;
    Finish* finish = nullptr;
  };
  Shard(const PlayOptions& options, const Place& place);

  /// Opens the connections of a closed load; at most the connect timeout. Returns the number that
  /// could not be opened, and says why in `connect_error`.
  std::size_t connect_all();
  [[nodiscard]] const std::string& connect_error() const { return connect_error_; }

  /// Receives by io_uring; before `connect_all`. See net::ReceiveRing::make for errors.
  base::Result<void> use_io_uring();

  /// The calling thread is the one that is going to `run`.
  void settle();
  /// Plays from `start` on until every thread's measured requests have ended, or the stop flag.
  void run(base::TimePoint start);
  /// The calling thread has real-time priority: it must not spin.
  void sleep_only() { poller_.set_spin(base::Nanos(0)); }

  std::vector<record::RequestRecord> take_records() { return std::move(records_); }
  [[nodiscard]] ThreadCost cost() const { return cost_; }
  [[nodiscard]] bool clock_stepped() const { return clock_stepped_; }
  [[nodiscard]] bool stopped() const { return stopped_; }

 private:
  struct Slot;
  enum class SlotState { idle, connecting, sending, receiving };

  [[nodiscard]] base::Nanos now() const { return std::chrono::steady_clock::now() - start_; }
  [[nodiscard]] bool closed_loop() const;
  [[nodiscard]] bool reuses_connections() const;
  Slot& add_slot();
  Slot& free_slot();
  void refuse(base::Nanos scheduled);
  void open_connection(Slot& slot);
  void start_due(base::Nanos at);
  void issue(Slot& slot, base::Nanos scheduled);
  void send_some(Slot& slot);
  void mark_sent(Slot& slot, base::Nanos at);
  void on_events(std::span<const epoll_event> events);
  enum class PeerClose { unknown, seen };
  void on_ready(Slot& slot, PeerClose close);
  void read_all(Slot& slot, PeerClose close);
  bool take_received(Slot& slot, char* data, const net::Received& got);
  void close_connection(Slot& slot);
  void wait_and_receive(base::Nanos at);
  void on_ring(const net::ReceiveRing::Ready& ready);
  void start_receiving(Slot& slot);
  void on_arrivals(std::span<const net::ReceiveRing::Arrival> arrivals);
  void on_arrival(Slot& slot, const net::ReceiveRing::Arrival& arrival);
  template <typename SlotAt, typename Handle>
  void each_ahead(std::size_t count, SlotAt slot_at, Handle handle);
  void show_tokens();
  void on_closed(Slot& slot, const ReadStamp& stamp, const char* reason);
  void resend(Slot& slot);
  void end_request(Slot& slot, base::Nanos at);
  void check_timeouts(base::Nanos at);
  void check_timeout(Slot& slot, base::Nanos at);
  void note_costs(base::Nanos at);
  [[nodiscard]] bool measured_work_left() const;
  void cut_off_rest(base::Nanos at);
  [[nodiscard]] ReadStamp stamp_of(const net::Received& received) const;
  [[nodiscard]] base::TimePoint next_wake();

  PlayOptions options_;
  Place place_;
  std::shared_ptr<net::TlsContext> tls_;
  Poller poller_;
  protocol::StreamEventParser events_;
  RequestFeed feed_;
  std::deque<Slot> slots_;
  std::vector<Slot*> idle_;
  std::vector<char> buffer_;
  std::vector<record::RequestRecord> records_;
  net::StampClock stamps_;
  base::TimePoint start_{};
  base::Nanos next_check_{0};
  std::string connect_error_;
  ThreadCost cost_;
  std::optional<ThreadUsage> at_open_;  ///< of this thread, as it saw the window open
  InFlight in_flight_;
  base::Nanos opened_{0};  ///< when this thread saw the window open
  base::Nanos in_flight_at_open_{0};
  std::uint64_t reuse_lost_ = 0;      ///< requests that found their used connection closed
  std::uint64_t reuse_kept_ = 0;      ///< requests that were answered on a used connection
  std::uint64_t unshown_tokens_ = 0;  ///< not yet added to the live view
  bool window_cost_done_ = false;
  bool reported_ready_ = false;
  bool clock_stepped_ = false;
  bool stopped_ = false;
  std::unique_ptr<net::ReceiveRing> ring_;  ///< null: epoll receives too

 public:
  ~Shard();
  /// TLS settings, set before `connect_all` when the endpoint wants TLS.
  void set_tls(std::shared_ptr<net::TlsContext> tls) { tls_ = std::move(tls); }
};

}  // namespace tokamark::load
