#pragma once

#include <sys/types.h>

#include <filesystem>
#include <vector>

#include "probe/check.h"
#include "probe/nvml.h"

namespace tokamark::run {

/// What can change between trials, looked at before each: room for the results, other processes on
/// the GPUs, hardware that slows down. Only what is not well is returned. `gpus` may be null; `own`
/// are the engine's processes.
std::vector<probe::Check> check_before_trial(const std::filesystem::path& results,
                                             probe::GpuReader* gpus, const std::vector<pid_t>& own);

}  // namespace tokamark::run
