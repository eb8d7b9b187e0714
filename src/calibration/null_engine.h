#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "sim/truth_log.h"

namespace tokamark::calibration {

/// How the null engine answers.
struct NullEngineOptions {
  std::string host = "127.0.0.1";                           ///< an IPv4 address
  std::uint16_t port = 0;                                   ///< 0 = any free port
  base::Nanos first_token = std::chrono::milliseconds(50);  ///< from arrival to the first token
  base::Nanos token_gap = std::chrono::milliseconds(10);    ///< between tokens, > 0
  std::uint32_t output_tokens = 0;     ///< tokens of every answer; 0 = what the request asks for
  std::uint32_t tokens_per_chunk = 1;  ///< > 0
  /// 0: every stream has its own phase. G > 0: streams belong to G groups, whose tokens are
  /// written back to back, as after a step of an engine.
  std::uint32_t bursts = 0;
  /// A chat answer's role event leaves with the headers, as some servers send it, instead of with
  /// the first token.
  bool early_role = false;
  std::filesystem::path truth_file;  ///< where true times are written; empty = kept in memory
};

/// When a stream's first token is due. With bursts, the first instant of its group's grid that is
/// not before `arrival + first_token`; group g of G has the grid g/G · (chunk gap) + n · (chunk
/// gap) after `origin`. Pure.
base::TimePoint first_due(const NullEngineOptions& options, base::TimePoint origin,
                          base::TimePoint arrival, std::uint64_t stream);

/// A server that computes nothing and knows when it wrote every token (methodology M4): an
/// OpenAI-style endpoint that answers any request with fixed events at fixed times. One thread,
/// which asks for real-time priority and takes the last core allowed to the process when there are
/// several. A true time is read just before the write that carries the token; a request's arrival
/// is the kernel's receive stamp of its last bytes, so that time in the socket, behind other
/// requests, is the server's and not the client's.
class NullEngine {
 public:
  /// Starts serving. Errors have kind `engine` when the address cannot be bound, `output` when the
  /// truth file cannot be written.
  static base::Result<std::unique_ptr<NullEngine>> start(const NullEngineOptions& options);
  ~NullEngine();
  NullEngine(const NullEngine&) = delete;
  NullEngine& operator=(const NullEngine&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string base_url() const;

  /// Stops and hands over what was emitted, unless it went into the truth file. Call once.
  base::Result<std::vector<sim::TruthRecord>> stop();

 private:
  class Loop;
  explicit NullEngine(NullEngineOptions options);

  NullEngineOptions options_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_{false};
  std::unique_ptr<Loop> loop_;
  std::thread thread_;
};

}  // namespace tokamark::calibration
