#pragma once

#include <atomic>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>

#include "base/clock.h"
#include "calibration/calibrate.h"
#include "record/request_record.h"
#include "workload/schedule.h"

namespace tokamark::run {

/// How fast an engine answers, as medians over requests that succeeded; what the null engine is
/// set to.
struct Pace {
  base::Nanos first_token = std::chrono::milliseconds(50);  ///< from the send
  base::Nanos token_gap = std::chrono::milliseconds(10);
  std::uint32_t tokens_per_chunk = 1;
  std::uint32_t output_tokens = 100;
};

/// The pace of these records; the default one where none of them says.
Pace pace_of(std::span<const record::RequestRecord> records);

/// The load of a trial with the engine's pace, all streams' tokens written in one burst as after a
/// step of the engine (methodology M4). Answers are cut so that the first
/// token takes at most half of `length` and a whole answer at most `length`; a calibration then
/// takes at most four times that.
calibration::CalibrationShape calibration_shape(const workload::LoadShape& load, const Pace& pace,
                                                std::uint32_t threads, base::Nanos length);

/// Calibrates and returns its JSON, or {"skipped": reason}: no trial is lost for it.
nlohmann::json calibrate_trial(const calibration::CalibrationShape& shape,
                               const std::atomic<bool>& stop);

}  // namespace tokamark::run
