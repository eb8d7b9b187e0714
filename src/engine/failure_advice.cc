#include "engine/failure_advice.h"

#include <array>

namespace tokamark::engine {

namespace {

constexpr const char* kFlagRenamed =
    "this version does not know that flag: flags are renamed between versions; take it out of "
    "`args`, or say it in `settings`";
constexpr const char* kPort =
    "another program has the port; choose another `port`, or stop it (`ss -ltnp` names it)";
constexpr const char* kGated =
    "accept the model's licence on its page, export a classic read token as HF_TOKEN, and try "
    "`tokamark fetch MODEL`";
constexpr const char* kOffline =
    "the model is not in the cache; get it with `tokamark fetch MODEL`";
constexpr const char* kNoGpu =
    "no NVIDIA GPU is visible; look at `nvidia-smi`, CUDA_VISIBLE_DEVICES and `tokamark doctor`";
constexpr const char* kOldDriver =
    "the NVIDIA driver is older than this build needs; update it, or take a build for an older "
    "CUDA (`tokamark doctor` has both numbers)";
constexpr const char* kMemory =
    "it does not fit: free the GPU of other processes, or lower context_tokens, max_sequences or "
    "gpu_memory_share";
constexpr const char* kDaemon =
    "the container runtime's daemon does not answer; start it, and see that your user may use it";
constexpr const char* kOldVersion =
    "this version does not know the model's architecture; take a newer one (`version`, `tokamark "
    "setup`)";

constexpr std::array kPatterns{
    FailurePattern{"kv_cache_too_small", "is larger than the available KV cache memory",
                   "lower context_tokens, or raise gpu_memory_share"},
    FailurePattern{"memory_taken", "is less than desired GPU memory utilization",
                   "another process holds GPU memory: end it (`nvidia-smi`), or lower "
                   "gpu_memory_share"},
    FailurePattern{"no_cache_blocks", "No available memory for the cache blocks",
                   "the weights leave no room: raise gpu_memory_share, or use a smaller model"},
    FailurePattern{"sglang_fraction_too_small", "Please try to increase --mem-fraction-static",
                   "raise gpu_memory_share"},
    // Of the capture of a CUDA graph as well.
    FailurePattern{"cuda_out_of_memory", "CUDA out of memory", kMemory},
    FailurePattern{"container_out_of_memory", "out of memory true",
                   "the container's memory limit was reached; raise it in `container_args`"},
    FailurePattern{"gated_model", "GatedRepoError", kGated},
    FailurePattern{"gated_repo", "gated repo", kGated},
    FailurePattern{"not_in_cache", "LocalEntryNotFoundError", kOffline},
    FailurePattern{"hub_unreachable", "We couldn't connect to 'https://huggingface.co'", kOffline},
    FailurePattern{"hub_offline", "OfflineModeIsEnabled", kOffline},
    FailurePattern{"port_in_use", "ddress already in use", kPort},
    FailurePattern{"llama_port", "couldn't bind HTTP server socket", kPort},
    FailurePattern{"old_driver", "driver on your system is too old", kOldDriver},
    FailurePattern{"insufficient_driver",
                   "CUDA driver version is insufficient for CUDA runtime version", kOldDriver},
    FailurePattern{"unsupported_gpu", "no kernel image is available for execution on the device",
                   "this build has no code for this GPU; take a build for its compute capability"},
    FailurePattern{"no_cuda_gpu", "No CUDA GPUs are available", kNoGpu},
    FailurePattern{"no_driver", "libcuda.so.1: cannot open shared object file", kNoGpu},
    FailurePattern{"flashinfer_conflict", "does not match flashinfer version",
                   "two engines share an environment and pin different flashinfer versions; make "
                   "one for each with `tokamark setup`"},
    FailurePattern{"missing_accelerate", "requires `accelerate`",
                   "install accelerate in that environment: `DIR/bin/pip install accelerate`"},
    FailurePattern{"unknown_argument", "unrecognized arguments:", kFlagRenamed},
    FailurePattern{"unknown_option", "No such option", kFlagRenamed},
    FailurePattern{"llama_argument", "error: invalid argument:", kFlagRenamed},
    FailurePattern{"unknown_architecture", "does not recognize this architecture", kOldVersion},
    FailurePattern{"unsupported_architecture", "are not supported for now", kOldVersion},
    FailurePattern{"llama_model", "failed to load model",
                   "the file is missing, cut, or of a kind that this build does not know; correct "
                   "`model`"},
    FailurePattern{"podman_image", "image not known",
                   "the image is not here; get it with `tokamark setup KIND --image IMAGE`"},
    FailurePattern{"docker_image", "No such image",
                   "the image is not here; get it with `tokamark setup KIND --image IMAGE`"},
    FailurePattern{"docker_gpu_runtime", "could not select device driver",
                   "docker has no NVIDIA runtime: install nvidia-container-toolkit and run "
                   "`nvidia-ctk runtime configure`"},
    FailurePattern{"podman_gpu_runtime", "unresolvable CDI devices",
                   "podman does not know the GPUs: run `nvidia-ctk cdi generate "
                   "--output=/etc/cdi/nvidia.yaml`"},
    // No daemon, and no permission; up to docker 28, and since.
    FailurePattern{"docker_daemon", "connect to the Docker daemon", kDaemon},
    FailurePattern{"docker_api", "connect to the docker API", kDaemon},
    FailurePattern{"disk_full", "No space left on device", "free disk space, or move the caches"},
};

}  // namespace

std::span<const FailurePattern> failure_patterns() { return kPatterns; }

std::string failure_advice(std::string_view log) {
  for (const FailurePattern& pattern : kPatterns) {
    if (log.find(pattern.text) != std::string_view::npos) return pattern.advice;
  }
  return {};
}

}  // namespace tokamark::engine
