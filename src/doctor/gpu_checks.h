#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "probe/check.h"
#include "probe/nvml.h"

namespace tokamark::doctor {

using probe::Check;
using probe::CheckStatus;

/// What the driver says about this machine's GPUs; read by `read_gpu_facts`.
struct GpuFacts {
  std::string problem;         ///< why there is none; empty = there is
  std::string source, driver;  ///< "NVML", "580.95.05"
  std::optional<int> cuda;     ///< highest CUDA version that the driver runs, 13000 = 13.0
  struct Gpu {
    probe::GpuIdentity identity;
    probe::GpuSettings settings;
    probe::GpuReading now;
    std::vector<std::string> process_names;  ///< of `now.processes`; "" where /proc does not tell
  };
  std::vector<Gpu> gpus;
};
GpuFacts read_gpu_facts();

/// Those of the GPUs that CUDA_VISIBLE_DEVICES ("0,2" or "GPU-8932f937") leaves; all of them for a
/// text that is empty.
GpuFacts visible_gpus(GpuFacts facts, const std::string& devices);

/// What a study asks of the GPUs.
struct GpuNeeds {
  enum class Wanted { unknown, no, yes };
  Wanted wanted = Wanted::unknown;  ///< unknown: no study was given
  std::uint32_t gpus = 0;           ///< most that one engine uses
  std::string engines;              ///< that need one: "vllm, sglang"
  std::string stated;               ///< the study's `hardware.gpu`
};

/// The machine's GPUs against a study: "gpu.present", and where there are any, the rest of gpu.*.
/// Where no engine needs one, the facts are told and nothing is judged.
std::vector<Check> check_gpus(const GpuFacts& facts, const GpuNeeds& needs);

/// Processes of others on the GPUs, and hardware that slows down: what can change between trials.
/// `own` are the engine's processes; with none of them known to the driver, as in a container,
/// processes are not judged.
std::vector<Check> check_gpus_again(const std::vector<probe::GpuReading>& now,
                                    const std::vector<std::int64_t>& own);

/// 13000 as "13.0".
std::string cuda_text(int version);

}  // namespace tokamark::doctor
