#include "engine/failure_advice.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "engine/startup_phases.h"

namespace tokamark::engine {
namespace {

/// Where a text comes from: a run of the engine, or its source and issues.
enum class From { run, source };

struct KnownLog {
  From from;
  std::string text;
};

/// One log for each pattern, by the pattern's name.
const std::map<std::string, KnownLog>& logs() {
  static const std::map<std::string, KnownLog> known{
      {"kv_cache_too_small",
       {From::run,
        "(EngineCore pid=17822) ERROR 11-24 23:45:56 [core.py:1510] ValueError: To "
        "serve at least one request with the model's max seq len (8192), (0.18 GiB "
        "KV cache is needed, which is larger than the available KV cache memory "
        "(0.01 GiB). Based on the available memory, the estimated maximum model "
        "length is 384. Try increasing `gpu_memory_utilization` (which also "
        "controls CPU memory on the CPU backend) or decreasing `max_model_len` "
        "when initializing the engine. See "
        "https://docs.vllm.ai/en/latest/configuration/conserving_memory/ for more "
        "details."}},
      {"memory_taken",
       {From::source,
        "ValueError: Free memory on device cuda:0 (3.21/139.81 GiB) on startup is "
        "less than desired GPU memory utilization (0.92, 128.63 GiB). Decrease GPU "
        "memory utilization or reduce GPU memory used by other processes."}},
      {"no_cache_blocks",
       {From::source,
        "ValueError: No available memory for the cache blocks. Try increasing "
        "`gpu_memory_utilization` when initializing the engine."}},
      {"sglang_fraction_too_small",
       {From::source,
        "RuntimeError: Not enough memory. Please try to increase "
        "--mem-fraction-static. Received sigquit from a child process. It usually "
        "means the child failed."}},
      {"sglang_fraction_too_large",
       {From::source,
        "Exception: Capture cuda graph failed: CUDA error\nPossible solutions:\n1. "
        "set --mem-fraction-static to a smaller value (e.g., 0.8 or 0.7)"}},
      {"tensorrt_llm_memory",
       {From::source,
        "RuntimeError: Executor creation failed due to insufficient GPU memory. "
        "The following component could not be created: KV cache"}},
      {"cuda_out_of_memory",
       {From::source,
        "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. "
        "GPU 0 has a total capacity of 79.10 GiB of which 1.02 GiB is free."}},
      {"container_out_of_memory",
       {From::source, "Killed\ncontainer: exit code 137, out of memory true"}},
      {"gated_model",
       {From::source,
        "huggingface_hub.errors.GatedRepoError: 403 Client Error. Cannot access "
        "gated repo for url https://huggingface.co/meta-llama/x"}},
      {"gated_repo",
       {From::source,
        "OSError: You are trying to access a gated repo.\nMake sure to have access "
        "to it at https://huggingface.co/meta-llama/x."}},
      {"not_in_cache",
       {From::run,
        "huggingface_hub.errors.LocalEntryNotFoundError: Cannot find an "
        "appropriate cached snapshot folder for the specified revision on the "
        "local disk and outgoing traffic has been disabled. To enable repo "
        "look-ups and downloads online, pass 'local_files_only=False' as input."}},
      {"hub_unreachable",
       {From::run,
        "OSError: We couldn't connect to 'https://huggingface.co' to load the "
        "files, and couldn't find them in the cached files."}},
      {"hub_offline",
       {From::source,
        "huggingface_hub.errors.OfflineModeIsEnabled: Cannot reach "
        "https://huggingface.co/x: offline mode is enabled; outgoing traffic has "
        "been disabled."}},
      {"port_in_use", {From::run, "OSError: [Errno 98] Address already in use"}},
      {"tensorrt_llm_port",
       {From::source, "RuntimeError: Failed to bind socket to 0.0.0.0:8000: port is taken"}},
      {"llama_port",
       {From::run,
        "0.00.003.790 E srv         start: couldn't bind HTTP server socket, "
        "hostname: 127.0.0.1, port: 18555"}},
      {"old_driver",
       {From::source,
        "RuntimeError: The NVIDIA driver on your system is too old (found version "
        "12040). Please update your GPU driver"}},
      {"insufficient_driver",
       {From::source,
        "torch.AcceleratorError: CUDA error: CUDA driver version is insufficient "
        "for CUDA runtime version"}},
      {"unsupported_gpu",
       {From::source,
        "torch.AcceleratorError: CUDA error: no kernel image is available for "
        "execution on the device"}},
      {"no_cuda_gpu", {From::source, "RuntimeError: No CUDA GPUs are available"}},
      {"no_gpu_devices", {From::source, "ValueError: No GPU devices found on the node"}},
      {"no_driver",
       {From::run,
        "- ImportError: libcuda.so.1: cannot open shared object file: No such file "
        "or directory"}},
      {"flashinfer_conflict",
       {From::source,
        "RuntimeError: flashinfer-cubin version (0.5.2) does not match flashinfer "
        "version (0.6.1). Please install the same version of both packages."}},
      {"missing_accelerate",
       {From::run,
        "ValueError: Using a `device_map`, `tp_plan`, `torch.device` context "
        "manager or setting `torch.set_default_device(device)` requires "
        "`accelerate`. You can install it with `pip install accelerate`"}},
      {"unknown_argument",
       {From::run, "vllm: error: unrecognized arguments: --disable-log-requests"}},
      {"unknown_option", {From::run, "Error: No such option '--no-such-flag'."}},
      {"llama_argument", {From::source, "error: invalid argument: --no-such-flag"}},
      {"unknown_architecture",
       {From::source,
        "ValueError: The checkpoint you are trying to load has model type `llama9` "
        "but Transformers does not recognize this architecture."}},
      {"unsupported_architecture",
       {From::source,
        "ValueError: Model architectures ['X'] are not supported for now. "
        "Supported architectures: dict_keys([])"}},
      {"llama_model",
       {From::run, "0.00.005.326 E srv    load_model: failed to load model, '/m.gguf'"}},
      {"podman_image", {From::run, "Error: localhost/none:1: image not known"}},
      {"docker_image", {From::source, "docker: Error response from daemon: No such image: none:1"}},
      {"docker_gpu_runtime",
       {From::source,
        "docker: Error response from daemon: could not select device driver \"\" "
        "with capabilities: [[gpu]]."}},
      {"podman_gpu_runtime",
       {From::run, "Error: setting up CDI devices: unresolvable CDI devices nvidia.com/gpu=all"}},
      {"docker_daemon",
       {From::run,
        "docker: Cannot connect to the Docker daemon at "
        "unix:///var/run/docker.sock. Is the docker daemon running?"}},
      {"docker_permission",
       {From::source,
        "docker: permission denied while trying to connect to the Docker daemon "
        "socket at unix:///var/run/docker.sock"}},
      {"disk_full", {From::source, "OSError: [Errno 28] No space left on device"}},
  };
  return known;
}

TEST(FailureAdvice, EveryPatternHasALogInWhichItIsTheFirst) {
  std::set<std::string> names;
  for (const FailurePattern& pattern : failure_patterns()) {
    EXPECT_TRUE(names.insert(pattern.name).second) << pattern.name << " is there twice";
    const auto log = logs().find(pattern.name);
    ASSERT_NE(log, logs().end()) << "no log for " << pattern.name;
    EXPECT_EQ(failure_advice(log->second.text), pattern.advice) << pattern.name;
  }
  EXPECT_EQ(names.size(), logs().size()) << "a log belongs to no pattern";
}

TEST(FailureAdvice, AnOrdinaryLogGetsNone) {
  EXPECT_EQ(failure_advice("INFO: Application startup complete.\nGET /health 200 OK\n"), "");
}

/// The lines of vLLM 0.32 (a run) and of SGLang (its source).
TEST(StartupPhases, AreReadFromTheLog) {
  const auto vllm = startup_phases(
      "(Worker pid=23393) INFO 11-24 22:44:52 [default_loader.py:501] Loading weights took 0.39 "
      "seconds\n"
      "(EngineCore pid=22542) INFO 11-24 22:44:56 [core.py:402] init engine (profile, create kv "
      "cache, warmup model) took 2.75 s\n");
  EXPECT_EQ(vllm, (std::map<std::string, double>{{"weights", 0.39}, {"engine", 2.75}}));
  const auto sglang = startup_phases(
      "Load weight end. elapsed=6.20 s, type=Llama4\nCapture cuda graph end. Time elapsed: 5.43 "
      "s.");
  EXPECT_EQ(sglang, (std::map<std::string, double>{{"weights", 6.2}, {"graphs", 5.43}}));
  EXPECT_TRUE(startup_phases("nothing of the kind").empty());
}

}  // namespace
}  // namespace tokamark::engine
