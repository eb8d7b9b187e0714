#pragma once

#include <atomic>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/error.h"
#include "calibration/instrument_error.h"
#include "load/player.h"
#include "workload/schedule.h"

namespace tokamark::calibration {

/// The shape of load under which the instrument is tried.
struct CalibrationShape {
  workload::LoadShape load;
  base::Nanos first_token = std::chrono::milliseconds(50);
  base::Nanos token_gap = std::chrono::milliseconds(10);
  std::uint32_t output_tokens = 100;
  std::uint32_t tokens_per_chunk = 1;
  std::uint32_t bursts = 0;   ///< see NullEngineOptions
  std::uint32_t threads = 1;  ///< load threads
  load::Receiving receiving = load::Receiving::epoll;
  base::Nanos length = std::chrono::seconds(3);
  /// Whether the burst with which a closed load starts is measured too; else the window opens when
  /// as many requests as there are streams have ended, as in a trial.
  enum class Start { warm, cold } start = Start::warm;
};

struct Calibration {
  CalibrationShape shape;
  InstrumentError error;
  double cpu_us_per_token = 0.0;  ///< of the load threads, over the whole play
  bool realtime = false;          ///< the load threads had real-time priority
};

/// Most streams of a closed load that can be calibrated: client and server share this process's
/// descriptors.
std::uint32_t most_streams();

/// Plays the shape against a null engine in this process, with the load generator that measures
/// engines, and returns how wrong it was. Takes about `length` and two answers. Errors are those of
/// the null engine and of `load::play`, and kind `usage` for more than `most_streams()`.
base::Result<Calibration> calibrate(const CalibrationShape& shape, const std::atomic<bool>& stop);

/// JSON with units in its names: shape, the errors' p50, p99 and max, counts.
nlohmann::json to_json(const Calibration& calibration);

}  // namespace tokamark::calibration
