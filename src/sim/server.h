#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "sim/profile.h"

namespace tokamark::sim {

/// How to serve the simulated engine.
struct SimOptions {
  std::string profile;               ///< one of `profile_names()`
  std::string host = "127.0.0.1";    ///< address or name to listen on
  std::uint16_t port = 0;            ///< 0 = any free port
  std::string served_model;          ///< empty = the profile's own
  std::filesystem::path truth_file;  ///< empty = no truth records
  double speed = 1.0;                ///< > 0; divides every simulated duration
  std::int64_t max_sequences = 0;    ///< most requests in a batch; 0 = the profile's own
  base::Nanos startup_delay{0};      ///< pretended loading time
  std::vector<std::string> faults;   ///< planted, each as `parse_fault` reads it
  std::uint64_t fault_seed = 1;      ///< decides which requests are struck
};

/// Serves until `stop` becomes true (seen within 100 ms); everything runs in the calling thread.
/// `on_ready` is called once with the bound port when requests are accepted. During the startup
/// delay the llama.cpp dialect answers 503, the others refuse connections.
/// Errors: kind `usage` for an unknown profile, a bad speed or a bad fault, kind `engine` when the
/// address cannot be bound or has no port free, kind `output` when the truth file cannot be
/// written.
base::Result<void> serve(const SimOptions& options, const std::atomic<bool>& stop,
                         std::function<void(std::uint16_t bound_port)> on_ready);

/// The simulated engine in a thread of this process.
class SimServer {
 public:
  /// Starts serving and returns when it is ready. Errors as `serve`.
  static base::Result<std::unique_ptr<SimServer>> start(const SimOptions& options);
  /// Stops and joins.
  ~SimServer();
  SimServer(const SimServer&) = delete;
  SimServer& operator=(const SimServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// "http://HOST:PORT".
  [[nodiscard]] std::string base_url() const;
  /// Stops, joins, and says how serving ended; truth records are on disk then. Idempotent.
  base::Result<void> stop();

 private:
  explicit SimServer(SimOptions options) : options_(std::move(options)) {}

  SimOptions options_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_{false};
  std::optional<base::Result<void>> ended_;  ///< written by the thread, read after join
  std::thread thread_;
};

}  // namespace tokamark::sim
