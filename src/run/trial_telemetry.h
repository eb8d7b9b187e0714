#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "load/player.h"
#include "probe/sampler.h"
#include "record/result.h"
#include "run/scraper.h"

namespace tokamark::run {

/// What a trial's telemetry comes to.
struct TelemetryOutput {
  std::string text;  ///< telemetry.jsonl.zst, uncompressed
  record::TrialResources resources;
  record::TrialServer server;
  nlohmann::json counters_after;  ///< engine::CounterSnapshot after the load, or null
};

/// Where the load's phases begin on the telemetry's clock. An edge that the load did not reach is
/// negative.
struct LoadEdges {
  base::Nanos load{-1}, window{-1}, tail{-1};
};

/// The phase of a moment after the load's start was prepared: "loaded", "warmup", "window" or
/// "tail".
std::string load_phase(const LoadEdges& edges, base::Nanos at);

/// The scrapes as lines of the telemetry (docs/RESULT_FORMAT.md).
std::vector<probe::TelemetryLine> server_lines(std::span<const Scrape> scrapes,
                                               const LoadEdges& edges);

/// Machine and server over one trial, on one clock: the sampler from construction on, the scraper
/// from `begin_load` on. One thread uses it.
class TrialTelemetry {
 public:
  /// `engine` must outlive this.
  explicit TrialTelemetry(engine::RunningEngine& engine) : engine_(engine), sampler_(of(engine)) {}

  /// What comes next: "probes", "calibration". It is "idle" before.
  void begin(const std::string& phase) { sampler_.mark(phase); }
  /// The load comes next: "loaded" until it starts.
  void begin_load();
  /// The window has opened.
  void window_opened();
  /// Ends both threads and sums up. Call once.
  TelemetryOutput finish(const load::PlayResult& played);

 private:
  static probe::SamplerOptions of(engine::RunningEngine& engine);

  engine::RunningEngine& engine_;
  probe::Sampler sampler_;
  std::optional<Scraper> scraper_;
};

}  // namespace tokamark::run
