#include "probe/sampler.h"

#include <fmt/format.h>

#include <algorithm>

#include "probe/nvidia_smi.h"

namespace tokamark::probe {

using base::Error;
using base::ErrorKind;

base::Result<std::unique_ptr<GpuReader>> open_gpu_reader(const SamplerOptions& options) {
  auto nvml = open_nvml(options.nvml_library);
  if (nvml.has_value()) return std::move(nvml.value());
  auto smi = open_nvidia_smi(options.nvidia_smi);
  if (smi.has_value()) return std::move(smi.value());
  return Error{ErrorKind::engine,
               fmt::format("no GPU: {}; {}", nvml.error().message, smi.error().message)};
}

Sampler::Sampler(SamplerOptions options) : options_(std::move(options)), begun_(base::now()) {
  telemetry_.interval = options_.interval;
  auto reader = open_gpu_reader(options_);
  if (reader.has_value()) {
    gpus_ = std::move(reader.value());
    telemetry_.gpus = gpus_->gpus();
    telemetry_.gpu_source = gpus_->source();
    telemetry_.driver_version = gpus_->driver_version();
  } else {
    telemetry_.gpu_reason = reader.error().message;
  }
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

Sampler::~Sampler() = default;

void Sampler::mark(const std::string& phase) {
  std::unique_lock lock(mutex_);
  phase_ = phase;
  const std::uint64_t mine = ++wanted_;
  changed_.notify_all();
  changed_.wait(lock, [&] { return taken_ >= mine || ended_; });
}

Telemetry Sampler::finish() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  state_reasons();
  return std::move(telemetry_);
}

void Sampler::run(const std::stop_token& stop) {
  // Real time paces the thread; the injected clock only stamps.
  auto due = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    const std::uint64_t marks = wanted_;
    lock.unlock();
    take_sample();
    lock.lock();
    taken_ = marks;
    changed_.notify_all();
    // A sample for a mark comes between two due ones and moves neither.
    const auto now = std::chrono::steady_clock::now();
    if (now >= due) {
      const auto steps = (now - due) / options_.interval;
      telemetry_.missed += steps;
      due += (steps + 1) * options_.interval;
    }
    changed_.wait_until(lock, stop, due, [&] { return wanted_ > marks; });
  }
  lock.unlock();
  take_sample();
  lock.lock();
  ended_ = true;
  changed_.notify_all();
}

void Sampler::take_sample() {
  Sample sample;
  {
    const std::lock_guard lock(mutex_);
    sample.phase = phase_;
  }
  sample.at = base::now() - begun_;
  const std::vector<pid_t> pids = options_.processes ? options_.processes() : std::vector<pid_t>{};
  if (const auto usage = meter_.read(pids)) {
    sample.rss_bytes = usage->rss_bytes;
    sample.cpu = usage->cpu;
  }
  sample.host = read_host_usage();
  read_gpus(sample, pids);
  telemetry_.samples.push_back(std::move(sample));
}

void Sampler::read_gpus(Sample& sample, const std::vector<pid_t>& pids) {
  if (!gpus_) return;
  const auto readings = gpus_->read();
  if (readings.has_error()) {
    telemetry_.gpu_reason = readings.error().message;
    return;
  }
  bool engine_seen = false;
  std::int64_t others = 0;
  for (const GpuReading& gpu : readings.value()) {
    sample.vram_used_bytes.push_back(gpu.used_bytes);
    sample.gpus.push_back(gpu.state);
    sample.gpu_processes.push_back(gpu.processes);
    for (const GpuProcess& process : gpu.processes) {
      const bool ours = std::find(pids.begin(), pids.end(), process.pid) != pids.end();
      engine_seen = engine_seen || ours;
      others += ours ? 0 : 1;
      if (!ours || !process.used_bytes) continue;
      sample.vram_engine_bytes = sample.vram_engine_bytes.value_or(0) + *process.used_bytes;
    }
  }
  if (engine_seen) sample.other_gpu_processes = others;
}

void Sampler::state_reasons() {
  if (!telemetry_.peak_rss_bytes()) {
    telemetry_.process_reason = options_.processes
                                    ? "the engine was not started by tokamark, or had ended"
                                    : "no engine process was named";
  }
  if (telemetry_.peak_vram_engine_bytes()) return;
  telemetry_.vram_engine_reason =
      gpus_ ? "the driver lists none of the engine's processes (in a container it may know them "
              "by other ids)"
            : telemetry_.gpu_reason;
}

}  // namespace tokamark::probe
