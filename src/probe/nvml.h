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

/// What a GPU was doing at one look. What the device or its driver does not tell is empty.
struct GpuState {
  std::optional<double> power_w;
  std::optional<double> energy_j;  ///< since the driver was loaded
  std::optional<double> sm_clock_mhz, memory_clock_mhz;
  std::optional<double> temperature_c;
  std::optional<double> busy_percent, memory_busy_percent;  ///< of the last sampling period
  std::optional<std::uint64_t> throttle_reasons;            ///< NVML's bits, see kHardwareSlowdown
  std::optional<std::int64_t> ecc_errors;  ///< uncorrected, since the driver was loaded
};

/// Bits of `throttle_reasons` by which the hardware slows its clocks down: nvmlClocksThrottleReason
/// HwSlowdown, HwThermalSlowdown and HwPowerBrakeSlowdown. A power cap that somebody set, and
/// idling, are others.
inline constexpr std::uint64_t kHardwareSlowdown = 0x08 | 0x40 | 0x80;

/// One look at one GPU.
struct GpuReading {
  std::int64_t used_bytes = 0;
  std::vector<GpuProcess> processes;  ///< compute processes, by the driver's process ids
  GpuState state;
};

/// What does not change about a GPU.
struct GpuIdentity {
  std::string name;
  std::string uuid;
  std::int64_t total_bytes = 0;
};

/// How a GPU is set up, which changes only when somebody changes it. What is not told is empty.
struct GpuSettings {
  std::optional<int> compute_capability;  ///< 90 is 9.0
  std::optional<bool> mig;                ///< split into instances
  std::optional<bool> persistence;        ///< the driver stays loaded between programs
  std::optional<bool> ecc;
  std::optional<double> power_limit_w, power_default_w;  ///< in force; the device's own
};

/// A source of GPU readings. Used by one thread.
class GpuReader {
 public:
  virtual ~GpuReader() = default;
  /// "NVML" or "nvidia-smi".
  [[nodiscard]] virtual std::string source() const = 0;
  [[nodiscard]] virtual const std::vector<GpuIdentity>& gpus() const = 0;
  [[nodiscard]] virtual std::string driver_version() const = 0;
  /// The highest CUDA version that the driver can run: 13000 is 13.0. Empty when it is not told.
  [[nodiscard]] virtual std::optional<int> cuda_version() const { return std::nullopt; }
  /// One entry for each of `gpus`; empty where the source does not tell any.
  [[nodiscard]] virtual std::vector<GpuSettings> settings() const { return {}; }
  /// One reading for each of `gpus`, in that order.
  virtual base::Result<std::vector<GpuReading>> read() = 0;
};

/// NVML from the shared library of that name or path, loaded now with dlopen. Errors of kind
/// `engine` say why there is none: no library, a missing symbol, no device.
base::Result<std::unique_ptr<GpuReader>> open_nvml(const std::string& library);

}  // namespace tokamark::probe
