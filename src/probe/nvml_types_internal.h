#pragma once

// The few declarations that are needed of NVIDIA's nvml.h (NVML API reference, "Device Queries"),
// so that no CUDA header is wanted at build time. The tests' stand-in library uses them too.
namespace tokamark::probe {

/// nvmlReturn_t
using NvmlReturn = int;
/// nvmlDevice_t, opaque
using NvmlDeviceHandle = void*;

/// nvmlMemory_t
struct NvmlMemory {
  unsigned long long total, free, used;
};

/// nvmlProcessInfo_t of nvmlDeviceGetComputeRunningProcesses_v3 (and _v2)
struct NvmlProcess {
  unsigned int pid;
  unsigned long long used_memory;
  unsigned int gpu_instance, compute_instance;
};

/// nvmlUtilization_t
struct NvmlUtilization {
  unsigned int gpu, memory;
};

/// nvmlClockType_t NVML_CLOCK_SM, NVML_CLOCK_MEM; nvmlTemperatureSensors_t NVML_TEMPERATURE_GPU;
/// nvmlMemoryErrorType_t UNCORRECTED; nvmlEccCounterType_t VOLATILE
inline constexpr int kNvmlClockSm = 1, kNvmlClockMemory = 2, kNvmlTemperatureGpu = 0;
inline constexpr int kNvmlErrorUncorrected = 1, kNvmlCounterVolatile = 0;

}  // namespace tokamark::probe
