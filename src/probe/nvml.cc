#include "probe/nvml.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <array>
#include <string_view>

#include "probe/nvml_types_internal.h"

namespace tokamark::probe {

namespace {

using base::Error;
using base::ErrorKind;

constexpr NvmlReturn kNvmlSuccess = 0;
constexpr NvmlReturn kNvmlInsufficientSize = 7;
/// NVML_VALUE_NOT_AVAILABLE
constexpr unsigned long long kNvmlNotAvailable = ~0ULL;
constexpr std::size_t kTextSize = 96;  // NVML_DEVICE_NAME_V2_BUFFER_SIZE, _UUID_V2_
constexpr std::size_t kMostProcesses = 4096;

struct CloseLibrary {
  void operator()(void* library) const { ::dlclose(library); }
};
using Library = std::unique_ptr<void, CloseLibrary>;

struct Functions {
  NvmlReturn (*init)() = nullptr;
  NvmlReturn (*shutdown)() = nullptr;
  const char* (*error_string)(NvmlReturn) = nullptr;
  NvmlReturn (*driver_version)(char*, unsigned) = nullptr;
  NvmlReturn (*count)(unsigned*) = nullptr;
  NvmlReturn (*handle)(unsigned, NvmlDeviceHandle*) = nullptr;
  NvmlReturn (*name)(NvmlDeviceHandle, char*, unsigned) = nullptr;
  NvmlReturn (*uuid)(NvmlDeviceHandle, char*, unsigned) = nullptr;
  NvmlReturn (*memory)(NvmlDeviceHandle, NvmlMemory*) = nullptr;
  NvmlReturn (*processes)(NvmlDeviceHandle, unsigned*, NvmlProcess*) = nullptr;
  // What follows may be missing in a library, or not supported by a device.
  NvmlReturn (*power)(NvmlDeviceHandle, unsigned*) = nullptr;
  NvmlReturn (*energy)(NvmlDeviceHandle, unsigned long long*) = nullptr;
  NvmlReturn (*clock)(NvmlDeviceHandle, int, unsigned*) = nullptr;
  NvmlReturn (*temperature)(NvmlDeviceHandle, int, unsigned*) = nullptr;
  NvmlReturn (*utilization)(NvmlDeviceHandle, NvmlUtilization*) = nullptr;
  NvmlReturn (*throttle)(NvmlDeviceHandle, unsigned long long*) = nullptr;
  NvmlReturn (*ecc)(NvmlDeviceHandle, int, int, unsigned long long*) = nullptr;
  NvmlReturn (*cuda)(int*) = nullptr;
  NvmlReturn (*capability)(NvmlDeviceHandle, int*, int*) = nullptr;
  NvmlReturn (*mig_mode)(NvmlDeviceHandle, unsigned*, unsigned*) = nullptr;
  NvmlReturn (*ecc_mode)(NvmlDeviceHandle, int*, int*) = nullptr;
  NvmlReturn (*persistence)(NvmlDeviceHandle, int*) = nullptr;
  NvmlReturn (*power_limit)(NvmlDeviceHandle, unsigned*) = nullptr;
  NvmlReturn (*power_default)(NvmlDeviceHandle, unsigned*) = nullptr;
};

template <typename Function>
bool load(void* library, Function& function, const char* symbol) {
  function = reinterpret_cast<Function>(::dlsym(library, symbol));
  return function != nullptr;
}

void load_optional(void* library, Functions& api) {
  (void)load(library, api.power, "nvmlDeviceGetPowerUsage");
  (void)load(library, api.energy, "nvmlDeviceGetTotalEnergyConsumption");
  (void)load(library, api.clock, "nvmlDeviceGetClockInfo");
  (void)load(library, api.temperature, "nvmlDeviceGetTemperature");
  (void)load(library, api.utilization, "nvmlDeviceGetUtilizationRates");
  // The later name for the same; both are there for some drivers.
  if (!load(library, api.throttle, "nvmlDeviceGetCurrentClocksThrottleReasons")) {
    (void)load(library, api.throttle, "nvmlDeviceGetCurrentClocksEventReasons");
  }
  (void)load(library, api.ecc, "nvmlDeviceGetTotalEccErrors");
  // Without _v2 it is the version of the library that was loaded, not of the driver.
  (void)load(library, api.cuda, "nvmlSystemGetCudaDriverVersion_v2");
  (void)load(library, api.capability, "nvmlDeviceGetCudaComputeCapability");
  (void)load(library, api.mig_mode, "nvmlDeviceGetMigMode");
  (void)load(library, api.ecc_mode, "nvmlDeviceGetEccMode");
  (void)load(library, api.persistence, "nvmlDeviceGetPersistenceMode");
  (void)load(library, api.power_limit, "nvmlDeviceGetEnforcedPowerLimit");
  (void)load(library, api.power_default, "nvmlDeviceGetPowerManagementDefaultLimit");
}

/// The symbol that the library lacks, or nothing.
const char* load_all(void* library, Functions& api) {
  if (!load(library, api.init, "nvmlInit_v2")) return "nvmlInit_v2";
  if (!load(library, api.shutdown, "nvmlShutdown")) return "nvmlShutdown";
  if (!load(library, api.error_string, "nvmlErrorString")) return "nvmlErrorString";
  if (!load(library, api.driver_version, "nvmlSystemGetDriverVersion")) {
    return "nvmlSystemGetDriverVersion";
  }
  if (!load(library, api.count, "nvmlDeviceGetCount_v2")) return "nvmlDeviceGetCount_v2";
  if (!load(library, api.handle, "nvmlDeviceGetHandleByIndex_v2")) {
    return "nvmlDeviceGetHandleByIndex_v2";
  }
  if (!load(library, api.name, "nvmlDeviceGetName")) return "nvmlDeviceGetName";
  if (!load(library, api.uuid, "nvmlDeviceGetUUID")) return "nvmlDeviceGetUUID";
  if (!load(library, api.memory, "nvmlDeviceGetMemoryInfo")) return "nvmlDeviceGetMemoryInfo";
  // _v3 came with driver 510; before it, _v2 has the same layout.
  if (!load(library, api.processes, "nvmlDeviceGetComputeRunningProcesses_v3") &&
      !load(library, api.processes, "nvmlDeviceGetComputeRunningProcesses_v2")) {
    return "nvmlDeviceGetComputeRunningProcesses_v3";
  }
  load_optional(library, api);
  return nullptr;
}

class Nvml final : public GpuReader {
 public:
  Nvml(Library library, const Functions& api) : library_(std::move(library)), api_(api) {}
  ~Nvml() override { api_.shutdown(); }
  Nvml(const Nvml&) = delete;
  Nvml& operator=(const Nvml&) = delete;

  /// Lists the devices; the library is initialised.
  base::Result<void> list() {
    unsigned count = 0;
    TOKAMARK_TRY_VOID(check(api_.count(&count), "nvmlDeviceGetCount"));
    if (count == 0) return Error{ErrorKind::engine, "NVML lists no device"};
    for (unsigned index = 0; index < count; ++index) {
      NvmlDeviceHandle handle = nullptr;
      TOKAMARK_TRY_VOID(check(api_.handle(index, &handle), "nvmlDeviceGetHandleByIndex"));
      NvmlMemory memory{};
      TOKAMARK_TRY_VOID(check(api_.memory(handle, &memory), "nvmlDeviceGetMemoryInfo"));
      handles_.push_back(handle);
      gpus_.push_back({text(handle, api_.name), text(handle, api_.uuid),
                       static_cast<std::int64_t>(memory.total)});
    }
    std::array<char, kTextSize> version{};
    if (api_.driver_version(version.data(), kTextSize) == kNvmlSuccess) driver_ = version.data();
    return base::ok();
  }

  [[nodiscard]] std::string source() const override { return "NVML"; }
  [[nodiscard]] const std::vector<GpuIdentity>& gpus() const override { return gpus_; }
  [[nodiscard]] std::string driver_version() const override { return driver_; }

  [[nodiscard]] std::optional<int> cuda_version() const override {
    int version = 0;
    if (api_.cuda == nullptr || api_.cuda(&version) != kNvmlSuccess) return std::nullopt;
    return version;
  }

  [[nodiscard]] std::vector<GpuSettings> settings() const override {
    std::vector<GpuSettings> settings;
    for (const NvmlDeviceHandle handle : handles_) settings.push_back(settings_of(handle));
    return settings;
  }

  base::Result<std::vector<GpuReading>> read() override {
    std::vector<GpuReading> readings;
    for (const NvmlDeviceHandle handle : handles_) {
      NvmlMemory memory{};
      TOKAMARK_TRY_VOID(check(api_.memory(handle, &memory), "nvmlDeviceGetMemoryInfo"));
      TOKAMARK_TRY(auto processes, compute_processes(handle));
      readings.push_back(
          {static_cast<std::int64_t>(memory.used), std::move(processes), state_of(handle)});
    }
    return readings;
  }

 private:
  base::Result<void> check(NvmlReturn code, const char* call) const {
    if (code == kNvmlSuccess) return base::ok();
    return Error{ErrorKind::engine, fmt::format("{}: {}", call, api_.error_string(code))};
  }

  static std::string text(NvmlDeviceHandle handle,
                          NvmlReturn (*get)(NvmlDeviceHandle, char*, unsigned)) {
    std::array<char, kTextSize> buffer{};
    return get(handle, buffer.data(), kTextSize) == kNvmlSuccess ? buffer.data() : "";
  }

  /// Calls `get` with further arguments and the place of the answer; empty when it fails.
  template <typename Answer, typename Function, typename... More>
  static std::optional<Answer> ask(Function get, NvmlDeviceHandle handle, More... more) {
    Answer answer{};
    if (get == nullptr || get(handle, more..., &answer) != kNvmlSuccess) return std::nullopt;
    return answer;
  }

  [[nodiscard]] GpuState state_of(NvmlDeviceHandle handle) const {
    const auto scaled = [](const auto& value, double by) {
      return value ? std::optional<double>(static_cast<double>(*value) * by) : std::nullopt;
    };
    GpuState state;
    state.power_w = scaled(ask<unsigned>(api_.power, handle), 1e-3);
    state.energy_j = scaled(ask<unsigned long long>(api_.energy, handle), 1e-3);
    state.sm_clock_mhz = scaled(ask<unsigned>(api_.clock, handle, kNvmlClockSm), 1);
    state.memory_clock_mhz = scaled(ask<unsigned>(api_.clock, handle, kNvmlClockMemory), 1);
    state.temperature_c = scaled(ask<unsigned>(api_.temperature, handle, kNvmlTemperatureGpu), 1);
    if (const auto busy = ask<NvmlUtilization>(api_.utilization, handle)) {
      state.busy_percent = busy->gpu;
      state.memory_busy_percent = busy->memory;
    }
    state.throttle_reasons = ask<unsigned long long>(api_.throttle, handle);
    const auto errors =
        ask<unsigned long long>(api_.ecc, handle, kNvmlErrorUncorrected, kNvmlCounterVolatile);
    if (errors) state.ecc_errors = static_cast<std::int64_t>(*errors);
    return state;
  }

  /// A mode that is told together with the one that a reboot would bring.
  template <typename Mode>
  static std::optional<bool> mode(NvmlReturn (*get)(NvmlDeviceHandle, Mode*, Mode*),
                                  NvmlDeviceHandle handle) {
    Mode now{}, pending{};
    if (get == nullptr || get(handle, &now, &pending) != kNvmlSuccess) return std::nullopt;
    return now == Mode{1};
  }

  [[nodiscard]] GpuSettings settings_of(NvmlDeviceHandle handle) const {
    GpuSettings settings;
    int major = 0, minor = 0;
    if (api_.capability != nullptr && api_.capability(handle, &major, &minor) == kNvmlSuccess) {
      settings.compute_capability = 10 * major + minor;
    }
    settings.mig = mode(api_.mig_mode, handle);
    settings.ecc = mode(api_.ecc_mode, handle);
    if (const auto on = ask<int>(api_.persistence, handle)) settings.persistence = *on == 1;
    if (const auto milliwatts = ask<unsigned>(api_.power_limit, handle)) {
      settings.power_limit_w = *milliwatts * 1e-3;
    }
    if (const auto milliwatts = ask<unsigned>(api_.power_default, handle)) {
      settings.power_default_w = *milliwatts * 1e-3;
    }
    return settings;
  }

  base::Result<std::vector<GpuProcess>> compute_processes(NvmlDeviceHandle handle) {
    if (buffer_.empty()) buffer_.resize(64);
    NvmlReturn code = kNvmlInsufficientSize;
    unsigned count = 0;
    while (code == kNvmlInsufficientSize && buffer_.size() <= kMostProcesses) {
      count = static_cast<unsigned>(buffer_.size());
      code = api_.processes(handle, &count, buffer_.data());
      if (code == kNvmlInsufficientSize) buffer_.resize(buffer_.size() * 2);
    }
    TOKAMARK_TRY_VOID(check(code, "nvmlDeviceGetComputeRunningProcesses"));
    std::vector<GpuProcess> processes;
    for (unsigned i = 0; i < count; ++i) {
      GpuProcess process{static_cast<std::int64_t>(buffer_[i].pid), std::nullopt};
      if (buffer_[i].used_memory != kNvmlNotAvailable) {
        process.used_bytes = static_cast<std::int64_t>(buffer_[i].used_memory);
      }
      processes.push_back(process);
    }
    return processes;
  }

  Library library_;
  Functions api_;
  std::vector<NvmlDeviceHandle> handles_;
  std::vector<GpuIdentity> gpus_;
  std::string driver_;
  std::vector<NvmlProcess> buffer_;
};

}  // namespace

base::Result<std::unique_ptr<GpuReader>> open_nvml(const std::string& library_name) {
  Library library(::dlopen(library_name.c_str(), RTLD_NOW | RTLD_LOCAL));
  if (!library) {
    const char* detail = ::dlerror();
    const std::string_view why = detail != nullptr ? detail : "";
    const bool absent = why.find("No such file") != std::string_view::npos;
    return Error{ErrorKind::engine, absent ? library_name + " is not installed" : std::string(why)};
  }
  Functions api;
  if (const char* missing = load_all(library.get(), api)) {
    return Error{ErrorKind::engine,
                 fmt::format("{} lacks {}; the driver is too old", library_name, missing)};
  }
  const NvmlReturn code = api.init();
  if (code != kNvmlSuccess) {
    return Error{ErrorKind::engine, fmt::format("nvmlInit: {}", api.error_string(code))};
  }
  auto nvml = std::make_unique<Nvml>(std::move(library), api);
  TOKAMARK_TRY_VOID(nvml->list());
  return std::unique_ptr<GpuReader>(std::move(nvml));
}

}  // namespace tokamark::probe
