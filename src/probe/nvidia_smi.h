#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "probe/nvml.h"

namespace tokamark::probe {

/// The rows of `nvidia-smi --query-gpu=uuid,name,memory.total,memory.used,driver_version
/// --format=csv,noheader,nounits`; memory is in MiB there. An error of kind `engine` quotes the
/// row that is malformed.
struct SmiGpu {
  GpuIdentity identity;
  std::int64_t used_bytes = 0;
  std::string driver_version;
};
base::Result<std::vector<SmiGpu>> parse_smi_gpus(std::string_view csv);

/// The rows of `--query-compute-apps=gpu_uuid,pid,used_memory`; "[N/A]" as a memory is unknown.
struct SmiProcess {
  std::string gpu_uuid;
  GpuProcess process;
};
base::Result<std::vector<SmiProcess>> parse_smi_processes(std::string_view csv);

/// GPU readings through the program `nvidia-smi`, for machines whose NVML cannot be loaded. Each
/// reading runs it twice and takes tens of milliseconds or more.
base::Result<std::unique_ptr<GpuReader>> open_nvidia_smi(const std::string& program);

}  // namespace tokamark::probe
