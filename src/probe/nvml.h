#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace tokamark::probe {

/// Memory that one process holds on one GPU.
struct GpuProcess {
  std::int64_t pid = 0;
  std::optional<std::int64_t> used_bytes;  ///< empty when the driver does not tell
};

/// One look at one GPU.
struct GpuReading {
  std::int64_t used_bytes = 0;
  std::vector<GpuProcess> processes;  ///< compute processes, by the driver's process ids
};

/// What does not change about a GPU.
struct GpuIdentity {
  std::string name;
  std::string uuid;
  std::int64_t total_bytes = 0;
};

/// A source of GPU readings. Used by one thread.
class GpuReader {
 public:
  virtual ~GpuReader() = default;
  /// "NVML" or "nvidia-smi".
  [[nodiscard]] virtual std::string source() const = 0;
  [[nodiscard]] virtual const std::vector<GpuIdentity>& gpus() const = 0;
  [[nodiscard]] virtual std::string driver_version() const = 0;
  /// One reading for each of `gpus`, in that order.
  virtual base::Result<std::vector<GpuReading>> read() = 0;
};

/// NVML from the shared library of that name or path, loaded now with dlopen. Errors of kind
/// `engine` say why there is none: no library, a missing symbol, no device.
base::Result<std::unique_ptr<GpuReader>> open_nvml(const std::string& library);

}  // namespace tokamark::probe
