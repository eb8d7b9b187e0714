// A stand-in for libnvidia-ml.so.1 that the tests build: two GPUs of 80 GiB. Variables say what
// it answers: STUB_NVML_INIT the result of nvmlInit_v2, STUB_NVML_COUNT the number of GPUs,
// STUB_NVML_PID the process that holds 3 GiB on GPU 1, among STUB_NVML_OTHERS others.
#include <cstdlib>
#include <cstring>

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
  std::strncpy(text, "NVIDIA Stub 80GB", length);
  return 0;
}
int nvmlDeviceGetUUID(void* device, char* text, unsigned length) {
  std::strncpy(text, index_of(device) == 0 ? "GPU-0" : "GPU-1", length);
  return 0;
}
int nvmlDeviceGetMemoryInfo(void* device, NvmlMemory* memory) {
  const unsigned long long used = index_of(device) == 0 ? kGiB : 5 * kGiB;
  *memory = {80 * kGiB, 80 * kGiB - used, used};
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
    infos[needed - 1] = {static_cast<unsigned>(number("STUB_NVML_PID", 1)), 3 * kGiB, 0, 0};
  }
  return 0;
}

}  // extern "C"
