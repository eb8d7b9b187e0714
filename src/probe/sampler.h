#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "probe/host_usage.h"
#include "probe/nvml.h"
#include "probe/process_usage.h"

namespace tokamark::probe {

/// One look at the machine. A field that could not be read is empty, never zero.
struct Sample {
  base::Nanos at{0};                              ///< after the sampler's start
  std::string phase;                              ///< the mark that was in force
  std::vector<std::int64_t> vram_used_bytes;      ///< each GPU, all its users; empty = no GPU
  std::optional<std::int64_t> vram_engine_bytes;  ///< the engine's processes, over all GPUs
  std::vector<GpuState> gpus;                     ///< each GPU; empty = no GPU
  /// Processes on the GPUs that are not the engine's; empty unless one of the engine's is known
  /// there, since in a container the driver may know all of them by other ids.
  std::optional<std::int64_t> other_gpu_processes;
  std::optional<std::int64_t> rss_bytes;  ///< of the engine's processes, added up
  std::optional<base::Nanos> cpu;         ///< of the engine's processes, since their start
  std::optional<HostUsage> host = {};     ///< of the whole machine
  /// Compute processes on each GPU, by the driver's process ids; empty = no GPU.
  std::vector<std::vector<GpuProcess>> gpu_processes = {};
};

/// Everything a sampler saw.
struct Telemetry {
  std::chrono::milliseconds interval{100};
  std::vector<Sample> samples;
  std::vector<GpuIdentity> gpus;
  std::string gpu_source;  ///< "NVML", "nvidia-smi", or empty
  std::string driver_version;
  std::string gpu_reason;          ///< why there are no GPU figures: "no GPU: ..."; else empty
  std::string vram_engine_reason;  ///< why the engine's own share of a GPU is not known; else empty
  std::string process_reason;      ///< why there are no process figures; else empty
  std::int64_t missed = 0;         ///< samples that fell out because an earlier one took too long

  /// The first sample of a phase, which is the one taken as the phase began.
  [[nodiscard]] const Sample* first_of(const std::string& phase) const;
  /// VRAM in use on all GPUs together, whoever uses it. Empty without a GPU.
  static std::optional<std::int64_t> vram_used(const Sample& sample);
  [[nodiscard]] std::optional<std::int64_t> peak_vram_used_bytes() const;
  /// The engine's own share, where the driver tells it.
  [[nodiscard]] std::optional<std::int64_t> peak_vram_engine_bytes() const;
  [[nodiscard]] std::optional<std::int64_t> peak_rss_bytes() const;
  /// CPU time that the engine used between two moments after the sampler's start, from the
  /// samples nearest before each; empty when there are none.
  [[nodiscard]] std::optional<base::Nanos> engine_cpu(base::Nanos from, base::Nanos to) const;
  /// The same of the whole machine.
  [[nodiscard]] std::optional<base::Nanos> host_cpu(base::Nanos from, base::Nanos to) const;
  [[nodiscard]] std::optional<std::int64_t> peak_host_memory_bytes() const;
};

/// A line of the telemetry that somebody else made, as one JSON object.
struct TelemetryLine {
  base::Nanos at{0};  ///< after the sampler's start
  std::string json;
};

/// The telemetry as JSON lines (docs/RESULT_FORMAT.md): a header object, then in order of time one
/// object a sample, one for each gap of more than two intervals between samples, and the others;
/// null where nothing was read. `others` are in order of time.
std::string to_json_lines(const Telemetry& telemetry,
                          const std::vector<TelemetryLine>& others = {});

struct SamplerOptions {
  std::chrono::milliseconds interval{100};
  /// The engine's processes now; called on the sampler's thread; empty for an attached server.
  std::function<std::vector<pid_t>()> processes;
  std::string nvml_library = "libnvidia-ml.so.1";
  std::string nvidia_smi = "nvidia-smi";
};

/// Opens NVML, else nvidia-smi. The error reads "no GPU: ..." with both reasons.
base::Result<std::unique_ptr<GpuReader>> open_gpu_reader(const SamplerOptions& options);

/// Samples on a thread of its own from construction to `finish`. `mark` and `finish` may be called
/// from any thread.
class Sampler {
 public:
  explicit Sampler(SamplerOptions options);
  ~Sampler();
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;

  /// Later samples carry this phase ("loaded", "window", ...). One sample is taken at
  /// once, and `mark` returns after it, so that even a short phase has one.
  void mark(const std::string& phase);

  /// Where the samples' times are counted from.
  [[nodiscard]] base::TimePoint begun() const { return begun_; }

  /// Takes a last sample, ends the thread and hands everything over. Call once.
  Telemetry finish();

 private:
  void run(const std::stop_token& stop);
  void take_sample();
  void read_gpus(Sample& sample, const std::vector<pid_t>& pids);
  void state_reasons();

  SamplerOptions options_;
  base::TimePoint begun_;
  std::unique_ptr<GpuReader> gpus_;
  ProcessMeter meter_;
  Telemetry telemetry_;  ///< the thread's own until it has ended
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::string phase_ = "idle";  ///< guarded by mutex_
  std::uint64_t wanted_ = 0;    ///< marks made, guarded by mutex_
  std::uint64_t taken_ = 0;     ///< marks sampled, guarded by mutex_
  bool ended_ = false;          ///< guarded by mutex_
  std::jthread thread_;         ///< last, so that it sees everything above alive
};

}  // namespace tokamark::probe
