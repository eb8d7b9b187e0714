#include "engine/failure_logs_for_tests.h"

namespace tokamark::engine {

namespace {

// The lines of an own run are those that the program printed, some of them shortened at their end.
constexpr KnownLog kFailures[] = {
    {"kv_cache_too_small", "own run: vLLM 0.32.0, CPU build",
     "(EngineCore pid=17822) ERROR 11-24 23:45:56 [core.py:1510] ValueError: To serve at "
     "least one request with the model's max seq len (8192), (0.18 GiB KV cache is "
     "needed, which is larger than the available KV cache memory (0.01 GiB). Based on the "
     "available memory, the estimated maximum model length is 384. Try increasing "
     "`gpu_memory_utilization` (which also controls CPU memory on the CPU backend) or "
     "decreasing `max_model_len` when initializing the engine. See "
     "https://docs.vllm.ai/en/latest/configuration/conserving_memory/ for more details."},
    {"memory_taken", "own run: vLLM 0.32.0, CPU build, its request_memory with a made-up snapshot",
     "ValueError: Free memory on device cuda:0 (5.5/24.0 GiB) on startup is less than "
     "desired GPU memory utilization (0.9, 21.6 GiB). Decrease GPU memory utilization or "
     "reduce GPU memory used by other processes."},
    {"no_cache_blocks", "own run: vLLM 0.32.0, CPU build, its check of the KV cache with 0 bytes",
     "ValueError: No available memory for the cache blocks. Try increasing "
     "`gpu_memory_utilization` when initializing the engine (this flag also controls CPU "
     "memory reservation on the CPU backend, despite its name). See "
     "https://docs.vllm.ai/en/latest/configuration/conserving_memory/ for more details."},
    {"sglang_fraction_too_small",
     "own run: SGLang 0.5.23, its MemoryPoolConfig with room for 0 tokens",
     "RuntimeError: Not enough memory. Please try to increase --mem-fraction-static. "
     "Current value: mem_fraction_static=0.1"},
    {"cuda_out_of_memory",
     "own run: torch 2.13.0 with a stand-in for the CUDA runtime that has 512 MiB free",
     "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 768.00 MiB. GPU 0 has a "
     "total capacity of 24.00 GiB of which 512.00 MiB is free. Of the allocated memory "
     "100.00 MiB is allocated by PyTorch, and 0 bytes is reserved by PyTorch but "
     "unallocated."},
    {"container_out_of_memory",
     "own run: docker 20.10.24 with --memory 32m, and the line that cleanup asks of inspect",
     "container: exit code 137, out of memory true"},
    {"gated_model", "own run: huggingface_hub 2.4.0 and a local hub that answers GatedRepo",
     "huggingface_hub.errors.GatedRepoError: 403 Client Error.\n"
     "\n"
     "Cannot access gated repo for url "
     "http://127.0.0.1:28777/example/model-1b/resolve/main/config.json."},
    {"gated_repo", "own run: transformers 5.19.0 and a local hub that answers GatedRepo",
     "OSError: You are trying to access a gated repo.\n"
     "Make sure to have access to it at https://huggingface.co/example/model-1b.\n"
     "403 Client Error."},
    {"not_in_cache", "own run: huggingface_hub 2.4.0, HF_HUB_OFFLINE=1",
     "huggingface_hub.errors.LocalEntryNotFoundError: Cannot find an appropriate cached "
     "snapshot folder for the specified revision on the local disk and outgoing traffic "
     "has been disabled. To enable repo look-ups and downloads online, set "
     "'HF_HUB_OFFLINE=0' as environment variable."},
    {"hub_unreachable", "own run: transformers 5.24.0, HF_HUB_OFFLINE=1",
     "OSError: We couldn't connect to 'https://huggingface.co' to load the files, and "
     "couldn't find them in the cached files.\n"
     "Check your internet connection or see how to run the library in offline mode at "
     "'https://huggingface.co/docs/transformers/installation#offline-mode'."},
    {"hub_offline", "own run: huggingface_hub 2.4.0, HF_HUB_OFFLINE=1",
     "huggingface_hub.errors.OfflineModeIsEnabled: Cannot reach "
     "https://huggingface.co/api/models/meta-llama/Llama-3.2-1B: offline mode is enabled. "
     "To disable it, please unset the `HF_HUB_OFFLINE` environment variable."},
    {"port_in_use", "own run: vLLM 0.32.0, CPU build",
     "OSError: [Errno 98] Address already in use"},
    {"port_in_use", "own run: uvicorn, the server of SGLang, TensorRT-LLM and transformers",
     "INFO:     Started server process [18812]\n"
     "ERROR:    [Errno 98] error while attempting to bind on address ('127.0.0.1', "
     "18772): address already in use"},
    {"llama_port", "own run: xllamacpp 2026.10.11549",
     "0.00.007.977 E srv         start: couldn't bind HTTP server socket, hostname: "
     "127.0.0.1, port: 18772\n"
     "0.00.007.978 I srv    operator(): operator(): cleaning up before exit...\n"
     "0.00.008.087 E srv          init: exiting due to HTTP server error"},
    {"old_driver", "own run: torch 2.13.0 with a stand-in for the driver library (12.4)",
     "UserWarning: CUDA initialization: The NVIDIA driver on your system is too old (found "
     "version 12040). Please update your GPU driver by downloading and installing a new "
     "version from the URL: http://www.nvidia.com/Download/index.aspx Alternatively, go to: "
     "https://pytorch.org to install a PyTorch version that has been compiled with your "
     "version of the CUDA driver."},
    {"old_driver", "own run: torch 2.13.0 with a stand-in for the driver library (11.6)",
     "RuntimeError: The NVIDIA driver on your system is too old (found version 11060). "
     "Please update your GPU driver by downloading and installing a new version from the "
     "URL: http://www.nvidia.com/Download/index.aspx Alternatively, go to: "
     "https://pytorch.org to install a PyTorch version that has been compiled with your "
     "version of the CUDA driver."},
    {"insufficient_driver", "own run: torch 2.13.0 with a stand-in for the driver library (12.4)",
     "torch.AcceleratorError: CUDA error: CUDA driver version is insufficient for CUDA "
     "runtime version\n"
     "Search for `cudaErrorInsufficientDriver' in "
     "https://docs.nvidia.com/cuda/cuda-runtime-api/group__CUDART__TYPES.html for more "
     "information."},
    {"unsupported_gpu",
     "own run: torch 2.13.0 with a stand-in for the CUDA runtime that refuses kernels",
     "torch.AcceleratorError: CUDA error: no kernel image is available for execution on the "
     "device\n"
     "Search for `cudaErrorNoKernelImageForDevice' in "
     "https://docs.nvidia.com/cuda/cuda-runtime-api/group__CUDART__TYPES.html for more "
     "information."},
    {"no_cuda_gpu", "own run: torch 2.13.0 with a stand-in for the driver library (no device)",
     "    torch._C._cuda_init()\n"
     "RuntimeError: No CUDA GPUs are available"},
    {"no_driver", "own run: SGLang without an NVIDIA driver",
     "- ImportError: libcuda.so.1: cannot open shared object file: No such file or "
     "directory"},
    {"flashinfer_conflict", "own run: flashinfer-python 0.6.13 beside flashinfer-cubin 0.6.12",
     "RuntimeError: flashinfer-cubin version (0.6.12) does not match flashinfer version "
     "(0.6.13). Please install the same version of both packages. Set "
     "FLASHINFER_DISABLE_VERSION_CHECK=1 to bypass this check."},
    {"missing_accelerate", "own run: transformers 5.19.0",
     "ValueError: Using a `device_map`, `tp_plan`, `torch.device` context manager or "
     "setting `torch.set_default_device(device)` requires `accelerate`. You can install "
     "it with `pip install accelerate`"},
    {"unknown_argument", "own run: vLLM 0.32.0, CPU build",
     "vllm: error: unrecognized arguments: --disable-log-requests"},
    {"unknown_option", "own run: transformers 5.19.0", "Error: No such option '--no-such-flag'."},
    {"llama_argument", "own run: llama.cpp's argument parser, in xllamacpp 2026.10.11549",
     "error: invalid argument: --no-such-flag"},
    {"unknown_architecture", "own run: transformers 5.24.0",
     "ValueError: The checkpoint you are trying to load has model type `llama9` but "
     "Transformers does not recognize this architecture. This could be because of an "
     "issue with the checkpoint, or because your version of Transformers is out of date."},
    {"unsupported_architecture", "own run: vLLM 0.32.0, CPU build",
     "pydantic_core._pydantic_core.ValidationError: 1 validation error for ModelConfig\n"
     "  Value error, Model architectures ['TokaForCausalLM'] are not supported for now. "
     "Supported architectures: dict_keys(['AfmoeForCausalLM', 'ApertusForCausalLM',"},
    {"llama_model", "own run: xllamacpp",
     "0.00.005.326 E srv    load_model: failed to load model, '/m.gguf'"},
    {"podman_image", "own run: podman 4.3.1", "Error: localhost/none:1: image not known"},
    {"docker_image", "own run: docker 28.2.2",
     "docker: Error response from daemon: No such image: none:1\n"
     "\n"
     "Run 'docker run --help' for more information"},
    {"docker_gpu_runtime", "own run: docker 20.10.24",
     "docker: Error response from daemon: could not select device driver \"\" with "
     "capabilities: [[gpu]].\n"
     "time=\"2026-11-25T02:39:30Z\" level=error msg=\"error waiting for container: context "
     "canceled\""},
    {"podman_gpu_runtime", "own run: podman 4.3.1",
     "Error: setting up CDI devices: unresolvable CDI devices nvidia.com/gpu=all"},
    {"docker_daemon", "own run: docker 28.2.2",
     "docker: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the "
     "docker daemon running?\n"
     "\n"
     "Run 'docker run --help' for more information"},
    {"docker_daemon", "own run: docker 28.2.2, as a user who is not in the group docker",
     "docker: permission denied while trying to connect to the Docker daemon socket at "
     "unix:///var/run/docker.sock: Head \"http://%2Fvar%2Frun%2Fdocker.sock/_ping\": dial "
     "unix /var/run/docker.sock: connect: permission denied"},
    {"docker_api", "own run: moby/moby/client 0.6.2, the client library of docker 29",
     "failed to connect to the docker API at unix:///var/run/nodocker.sock; check if the "
     "path is correct and if the daemon is running: dial unix /var/run/nodocker.sock: "
     "connect: no such file or directory"},
    {"docker_api", "own run: moby/moby/client 0.6.2, as a user who may not use the socket",
     "permission denied while trying to connect to the docker API at "
     "unix:///run/example-docker.sock"},
    {"disk_full", "own run: huggingface_hub 2.4.0, a download onto a full disk",
     "    temp_file.write(chunk)\n"
     "OSError: [Errno 28] No space left on device"},
};

// Starts that succeed, and a failure for which there is no advice.
constexpr KnownLog kNoAdvice[] = {
    {"llama-cpp", "own run: xllamacpp 2026.10.11549",
     "0.00.000.444 I srv          init: initializing ...\n"
     "0.00.003.160 I srv          init: build_info: b0-unknown\n"
     "0.00.003.179 I cmn  common_param: common_params_print_info: verbosity = 3 (adjust "
     "with the `-lv N` CLI arg)\n"
     "0.00.004.211 W srv          init: security: no API key is set and CORS allows all "
     "origins (see https://github.com/ggml-org/llama.cpp/pull/25655)\n"
     "0.00.005.788 I srv          init: loading model\n"
     "0.00.833.725 I cmn          init: llama threadpool init, n_threads = 2\n"
     "0.00.881.500 I srv    load_model: initializing, n_slots = 4, n_ctx_slot = 512, "
     "kv_unified = 'true'\n"
     "0.00.885.478 I srv          init: model loaded\n"
     "0.00.885.499 I srv          init: listening on http://127.0.0.1:18771"},
    {"vllm", "own run: vLLM 0.32.0, CPU build",
     "(Worker pid=9662) INFO 11-25 04:01:17 [cpu_model_runner.py:68] Starting to load model "
     "/models/x...\n"
     "(Worker pid=9662) INFO 11-25 04:01:18 [default_loader.py:501] Loading weights took "
     "0.58 seconds\n"
     "(Worker pid=9662) INFO 11-25 04:01:20 [cpu_worker.py:260] Auto set (1.29/16.34) GiB "
     "for KV cache on node 0, with 2.45 GiB requested memory for the worker. 1.16 GiB "
     "memory was consumed by non-kv usages.\n"
     "(EngineCore pid=6046) INFO 11-25 04:01:20 [kv_cache_utils.py:2327] CPU KV cache size: "
     "60,288 tokens, Maximum concurrency for 1,024 tokens per request: 58.88x\n"
     "(EngineCore pid=6046) INFO 11-25 04:01:22 [core.py:402] init engine (profile, create "
     "kv cache, warmup model) took 1.55 s\n"
     "(APIServer pid=4354) INFO 11-25 04:01:25 [entry.py:140] Starting vLLM server on "
     "http://0.0.0.0:28994\n"
     "INFO:     Application startup complete."},
    {"sglang",
     "form in the source of sglang 0.5.23 srt/model_executor/model_runner.py, "
     "srt/model_executor/model_runner_components/cuda_graph_setup.py, "
     "srt/managers/scheduler.py, srt/entrypoints/http_server.py, values made up",
     "Load weight end. elapsed=6.20 s, type=LlamaForCausalLM, avail mem=20.10 GB, mem "
     "usage=2.40 GB.\n"
     "Capture target decode CUDA graph end. bs=[1, 2, 4, 8], elapsed=5.40 s, mem usage=0.90 "
     "GB, avail mem=3.10 GB.\n"
     "max_total_num_tokens=400000, chunked_prefill_size=2048, max_prefill_tokens=16384, "
     "max_running_requests=2048, context_len=8192, available_gpu_mem=3.10 GB\n"
     "The server is fired up and ready to roll!"},
    {"transformers", "own run: transformers 5.19.0",
     "[transformers] Loading /models/x@main\n"
     "INFO:     Started server process [4258]\n"
     "INFO:     Waiting for application startup.\n"
     "INFO:     Application startup complete.\n"
     "INFO:     Uvicorn running on http://localhost:28995 (Press CTRL+C to quit)"},
    {"sglang, a graph that fails for another reason",
     "form in the source of sglang 0.5.23 "
     "srt/model_executor/runner/decode_cuda_graph_runner.py, values made up",
     "Exception: Capture cuda graph failed: CUDA error: an illegal memory access was "
     "encountered"},
};

}  // namespace

std::span<const KnownLog> failure_logs() { return kFailures; }

std::span<const KnownLog> logs_without_advice() { return kNoAdvice; }

}  // namespace tokamark::engine
