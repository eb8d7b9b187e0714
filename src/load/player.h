#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "load/live.h"
#include "load/pinning.h"
#include "load/stream_reader.h"
#include "load/window.h"
#include "net/address.h"
#include "net/tls.h"
#include "protocol/request_renderer.h"
#include "record/request_record.h"
#include "workload/schedule.h"

namespace tokamark::load {

struct Timeouts {
  base::Nanos connect{}, first_byte{}, inter_chunk{}, total{};
};

/// How a load thread receives (`client.receive` of the study).
enum class Receiving {
  epoll,     ///< told by epoll that something came, it reads each socket
  io_uring,  ///< the kernel reads for it
};

const char* to_word(Receiving receiving);

/// Everything a trial's load needs. The pointed-to objects must outlive `play`.
struct PlayOptions {
  net::Endpoint endpoint;
  const workload::Schedule* schedule = nullptr;
  const protocol::RequestRenderer* renderer = nullptr;
  ChunkCounting counting = ChunkCounting::one_each;
  WindowRule window;
  Timeouts timeouts;
  std::uint32_t threads = 1;
  PinRule pin;
  Receiving receiving = Receiving::epoll;
  std::uint64_t most_requests = 0;          ///< a closed load sends no more than this; 0 = no limit
  const std::atomic<bool>* stop = nullptr;  ///< becomes true to end the trial early
  LiveStats* live = nullptr;                ///< may be null
  std::atomic<bool>* window_opened = nullptr;  ///< set once the window is open; may be null
};

/// Client-side cost of one load thread.
struct ThreadCost {
  double cpu_s = 0.0;         ///< whole trial
  double window_cpu_s = 0.0;  ///< inside the window
  /// Inside the window, which must have opened and closed: time ready to run but without a core
  /// (empty also where the kernel does not count it), and context switches.
  std::optional<base::Nanos> window_run_delay;
  std::optional<std::int64_t> window_voluntary_switches, window_involuntary_switches;
  std::optional<double> window_in_flight;  ///< requests in flight, mean over the window's time
};

/// What a trial's load produced. Records are in order of `sequence`.
struct PlayResult {
  base::TimePoint start{};  ///< zero of every time below
  std::vector<record::RequestRecord> records;
  base::Nanos window_start{-1}, window_end{-1};
  std::vector<ThreadCost> threads;
  /// The wall clock was stepped while kernel stamps were in use.
  bool clock_stepped = false;
  /// Every load thread had real-time priority (SCHED_FIFO), so that engines on the same cores
  /// could not delay it.
  bool realtime = false;
  /// "pinned"; or why no load thread was kept on a core of its own: "off" (the study wants none),
  /// "too_few_cores", "refused" (by the kernel, for at least one thread).
  std::string pinning;
  std::vector<int> cpus;  ///< cores that load threads were kept on
  Receiving receiving = Receiving::epoll;
  /// The trial was stopped before its measured requests had ended.
  bool stopped = false;
};

/// Plays the schedule against the endpoint and returns every record. Closed loads open all their
/// connections first, outside the measurement. One thread per shard, nothing shared but the
/// window's atomics; the calling thread waits. Errors have kind `engine` (cannot connect at all),
/// `study` (no io_uring here) or `internal` (no descriptors); a failed request is a record, not an
/// error.
base::Result<PlayResult> play(const PlayOptions& options);

}  // namespace tokamark::load
