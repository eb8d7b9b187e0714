#include "engine/xllamacpp_launcher.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "base/files.h"
#include "base/sha256.h"

namespace tokamark::engine {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSource =
    R"PY("""llama.cpp's server from the xllamacpp wheel, with llama-server's flags.

Written by tokamark.
"""
import argparse
import importlib.metadata
import os
import signal
import sys

parser = argparse.ArgumentParser(prog="xllamacpp-server", allow_abbrev=False)
add = parser.add_argument
add("-m", "--model", required=True)
add("-a", "--alias")
add("--host", default="127.0.0.1")
add("--port", type=int, default=8080)
add("-c", "--ctx-size", type=int)
add("-np", "--parallel", type=int)
add("-b", "--batch-size", type=int)
add("-ub", "--ubatch-size", type=int)
add("-t", "--threads", type=int)
add("-tb", "--threads-batch", type=int)
add("-ngl", "--gpu-layers", "--n-gpu-layers", type=int)
add("-ctk", "--cache-type-k")
add("-ctv", "--cache-type-v")
add("-fa", "--flash-attn", choices=["on", "off", "auto"])
add("-s", "--seed", type=int)
add("-kvu", "--kv-unified", action="store_true")
add("--threads-http", type=int)
add("--cache-ram", type=int)
add("--sse-ping-interval", type=int)
add("--cache-prompt", dest="cache_prompt", action="store_true", default=None)
add("--no-cache-prompt", dest="cache_prompt", action="store_false")
add("--no-warmup", dest="warmup", action="store_false", default=None)
add("--metrics", action="store_true")
add("--slots", action="store_true", default=None)
add("--no-slots", dest="slots", action="store_false")
args = parser.parse_args()

import xllamacpp

params = xllamacpp.CommonParams()


def put(target, name, value):
    if value is not None:
        setattr(target, name, value)


def cache_type(name):
    return name and getattr(xllamacpp.ggml_type, "GGML_TYPE_" + name.upper())


params.model.path = args.model
params.port = args.port
if hasattr(params, "hostnames"):
    params.hostnames = [args.host]
else:
    params.hostname = args.host
if args.alias:
    # A set in newer wheels, one string in older ones.
    params.model_alias = args.alias if isinstance(params.model_alias, str) else {args.alias}
params.endpoint_metrics = args.metrics
put(params, "endpoint_slots", args.slots)
put(params, "n_ctx", args.ctx_size)
# llama-server's own default: four slots that share the whole context.
params.n_parallel = args.parallel or 4
put(params, "kv_unified", True if args.kv_unified or args.parallel is None else None)
put(params, "n_batch", args.batch_size)
put(params, "n_ubatch", args.ubatch_size)
put(params.cpuparams, "n_threads", args.threads)
put(params.cpuparams_batch, "n_threads", args.threads_batch or args.threads)
put(params, "n_gpu_layers", args.gpu_layers)
put(params, "cache_type_k", cache_type(args.cache_type_k))
put(params, "cache_type_v", cache_type(args.cache_type_v))
put(params, "flash_attn_type", args.flash_attn and {"auto": -1, "off": 0, "on": 1}[args.flash_attn])
put(params.sampling, "seed", args.seed)
put(params, "n_threads_http", args.threads_http)
put(params, "cache_ram_mib", args.cache_ram)
put(params, "sse_ping_interval", args.sse_ping_interval)
put(params, "cache_prompt", args.cache_prompt)
put(params, "warmup", args.warmup)

signals = {signal.SIGTERM, signal.SIGINT}
signal.pthread_sigmask(signal.SIG_BLOCK, signals)
print("package: xllamacpp", importlib.metadata.version("xllamacpp"), flush=True)
try:
    server = xllamacpp.Server(params)
except RuntimeError as error:
    sys.exit(f"RuntimeError: {error} (the lines above say why)")
print("listening:", server.listening_address, flush=True)
signal.sigwait(signals)
# Streams that are still open would hold an orderly shutdown for 30 seconds.
os._exit(0)
)PY";

/// A folder that only this user can write to; an existing one of somebody else is not used.
bool make_private(const fs::path& folder) {
  std::error_code failed;
  fs::create_directories(folder.parent_path(), failed);
  ::mkdir(folder.c_str(), 0700);
  struct stat info {};
  return ::lstat(folder.c_str(), &info) == 0 && S_ISDIR(info.st_mode) &&
         info.st_uid == ::getuid() && (info.st_mode & 022U) == 0 &&
         ::access(folder.c_str(), W_OK) == 0;
}

fs::path folder_for_it() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  if (cache != nullptr && *cache != '\0' && make_private(fs::path(cache) / "tokamark")) {
    return fs::path(cache) / "tokamark";
  }
  if (home != nullptr && *home != '\0' && make_private(fs::path(home) / ".cache" / "tokamark")) {
    return fs::path(home) / ".cache" / "tokamark";
  }
  std::error_code failed;
  fs::path temporary = fs::temp_directory_path(failed);
  if (failed) temporary = "/tmp";
  temporary /= fmt::format("tokamark-{}", ::getuid());
  return make_private(temporary) ? temporary : fs::path();
}

}  // namespace

std::string_view xllamacpp_launcher_source() { return kSource; }

base::Result<fs::path> xllamacpp_launcher_file() {
  const fs::path folder = folder_for_it();
  if (folder.empty()) {
    return base::Error{base::ErrorKind::output,
                       "no folder to write the xllamacpp launcher to; set XDG_CACHE_HOME to a "
                       "writable folder of your own"};
  }
  const std::string source(kSource);
  const fs::path file =
      folder / fmt::format("xllamacpp_server-{}.py", base::sha256_hex(source).substr(0, 8));
  const auto present = base::read_file(file, base::ErrorKind::output);
  if (present.has_value() && present.value() == source) return file;
  TOKAMARK_TRY_VOID(base::write_file_atomic(file, source));
  return file;
}

}  // namespace tokamark::engine
