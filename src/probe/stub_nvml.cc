// A stand-in for libnvidia-ml.so.1 that the tests build: two GPUs of 80 GiB. Variables say what
// it answers: STUB_NVML_INIT the result of nvmlInit_v2, STUB_NVML_COUNT the number of GPUs,
// STUB_NVML_PID the process that holds 3 GiB on GPU 1, among STUB_NVML_OTHERS others, or in its
// place STUB_NVML_SIM_PORT the port of a simulated engine, which then is that process;
// STUB_NVML_THROTTLE and STUB_NVML_TEMPERATURE the throttle reasons and the temperature of GPU 1,
// whose ECC is off. STUB_NVML_NAME and STUB_NVML_MEMORY_GIB change the name and memory of both,
// STUB_NVML_CUDA, _CAPABILITY, _MIG, _PERSISTENCE and _POWER_LIMIT_W how they are set up. The
// energy counters gain 1 J at each look of GPU 0, and 2 J of GPU 1.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "probe/nvml_types_internal.h"

namespace {

int number(const char* name, int otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::atoi(text) : otherwise;
}

constexpr unsigned long long kGiB = 1ULL << 30;
int devices[2] = {0, 1};

using tokamark::probe::NvmlMemory;
using tokamark::probe::NvmlProcess;

/// The simulated engine with this port among its arguments; 1 when there is none.
unsigned simulated_engine(const std::string& port) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "cmdline", std::ios::binary);
    std::string argument;
    std::vector<std::string> arguments;
    while (std::getline(file, argument, '\0')) arguments.push_back(argument);
    if (arguments.size() < 2 || arguments[1] != "sim") continue;
    if (std::find(arguments.begin(), arguments.end(), port) == arguments.end()) continue;
    return static_cast<unsigned>(std::stoul(entry.path().filename()));
  }
  return 1;
}

unsigned holder() {
  const char* const port = std::getenv("STUB_NVML_SIM_PORT");
  return port != nullptr ? simulated_engine(port)
                         : static_cast<unsigned>(number("STUB_NVML_PID", 1));
}

/// A handle points at its device's number.
int index_of(const void* device) { return *static_cast<const int*>(device); }

}  // namespace

extern "C" {

int nvmlInit_v2() { return number("STUB_NVML_INIT", 0); }
int nvmlShutdown() { return 0; }
const char* nvmlErrorString(int code) { return code == 9 ? "Driver Not Loaded" : "Unknown Error"; }
int nvmlSystemGetDriverVersion(char* text, unsigned length) {
  std::strncpy(text, "580.95.05", length);
  return 0;
}
int nvmlDeviceGetCount_v2(unsigned* count) {
  *count = static_cast<unsigned>(number("STUB_NVML_COUNT", 2));
  return 0;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
  *device = &devices[index];
  return 0;
}
int nvmlDeviceGetName(void* /*device*/, char* text, unsigned length) {
  const char* const name = std::getenv("STUB_NVML_NAME");
  std::strncpy(text, name != nullptr ? name : "NVIDIA Stub 80GB", length);
  return 0;
}
int nvmlDeviceGetUUID(void* device, char* text, unsigned length) {
  std::strncpy(text, index_of(device) == 0 ? "GPU-0" : "GPU-1", length);
  return 0;
}
int nvmlDeviceGetMemoryInfo(void* device, NvmlMemory* memory) {
  const unsigned long long used = index_of(device) == 0 ? kGiB : 5 * kGiB;
  const auto total = static_cast<unsigned long long>(number("STUB_NVML_MEMORY_GIB", 80)) * kGiB;
  *memory = {total, total - used, used};
  return 0;
}
int nvmlDeviceGetComputeRunningProcesses_v3(void* device, unsigned* count, NvmlProcess* infos) {
  const auto others = static_cast<unsigned>(number("STUB_NVML_OTHERS", 1));
  const unsigned needed = index_of(device) == 0 ? 0 : others + 1;
  if (*count < needed) {
    *count = needed;
    return 7;  // NVML_ERROR_INSUFFICIENT_SIZE
  }
  *count = needed;
  for (unsigned i = 0; i + 1 < needed; ++i) infos[i] = {1, ~0ULL, 0, 0};  // memory not available
  if (needed > 0) {
    infos[needed - 1] = {holder(), 3 * kGiB, 0, 0};
  }
  return 0;
}

int nvmlDeviceGetPowerUsage(void* device, unsigned* milliwatts) {
  *milliwatts = index_of(device) == 0 ? 100'000 : 700'000;
  return 0;
}
int nvmlDeviceGetTotalEnergyConsumption(void* device, unsigned long long* millijoules) {
  static unsigned long long looks[2] = {0, 0};
  const int index = index_of(device);
  *millijoules = ++looks[index] * (index == 0 ? 1000 : 2000);
  return 0;
}
int nvmlDeviceGetClockInfo(void* /*device*/, int type, unsigned* megahertz) {
  *megahertz = type == tokamark::probe::kNvmlClockSm ? 1980 : 3201;
  return 0;
}
int nvmlDeviceGetTemperature(void* device, int /*sensor*/, unsigned* celsius) {
  static int heat = 0;
  if (index_of(device) == 1) heat += number("STUB_NVML_HEATING", 0);
  const int now = index_of(device) == 0 ? 30 : number("STUB_NVML_TEMPERATURE", 40) + heat;
  *celsius = static_cast<unsigned>(now);
  return 0;
}
int nvmlDeviceGetUtilizationRates(void* /*device*/, tokamark::probe::NvmlUtilization* rates) {
  *rates = {97, 42};
  return 0;
}
int nvmlDeviceGetCurrentClocksThrottleReasons(void* device, unsigned long long* reasons) {
  *reasons =
      index_of(device) == 0 ? 1 : static_cast<unsigned long long>(number("STUB_NVML_THROTTLE", 4));
  return 0;
}
int nvmlDeviceGetTotalEccErrors(void* device, int /*type*/, int /*counter*/,
                                unsigned long long* errors) {
  *errors = 0;
  return index_of(device) == 0 ? 0 : 3;  // NVML_ERROR_NOT_SUPPORTED
}
int nvmlSystemGetCudaDriverVersion_v2(int* version) {
  *version = number("STUB_NVML_CUDA", 13000);
  return 0;
}
int nvmlDeviceGetCudaComputeCapability(void* /*device*/, int* major, int* minor) {
  const int capability = number("STUB_NVML_CAPABILITY", 90);
  *major = capability / 10;
  *minor = capability % 10;
  return 0;
}
int nvmlDeviceGetMigMode(void* /*device*/, unsigned* now, unsigned* pending) {
  *now = *pending = static_cast<unsigned>(number("STUB_NVML_MIG", 0));
  return 0;
}
int nvmlDeviceGetEccMode(void* device, int* now, int* pending) {
  *now = *pending = index_of(device) == 0 ? 1 : 0;
  return 0;
}
int nvmlDeviceGetPersistenceMode(void* /*device*/, int* mode) {
  *mode = number("STUB_NVML_PERSISTENCE", 1);
  return 0;
}
int nvmlDeviceGetEnforcedPowerLimit(void* /*device*/, unsigned* milliwatts) {
  *milliwatts = static_cast<unsigned>(number("STUB_NVML_POWER_LIMIT_W", 700)) * 1000;
  return 0;
}
int nvmlDeviceGetPowerManagementDefaultLimit(void* /*device*/, unsigned* milliwatts) {
  *milliwatts = 700'000;
  return 0;
}

}  // extern "C"
