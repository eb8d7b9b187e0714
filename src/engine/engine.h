#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/spec.h"

namespace tokamark::engine {

/// The exact command that starts an engine; what --dry-run prints and the manifest keeps.
struct LaunchCommand {
  std::vector<std::string> argv;           ///< argv[0] is an absolute path or a name on PATH
  std::map<std::string, std::string> env;  ///< added to the inherited environment
  std::map<std::filesystem::path, std::string> files{};  ///< written before it is started
  std::vector<std::string> notes{};    ///< settings and flags that could not be given, and why
  std::vector<std::string> cleanup{};  ///< run when it has ended, however; empty = nothing
  std::string container{};             ///< name of the container that it runs
  /// One shell line with quoting, environment first.
  [[nodiscard]] std::string shell_line() const;
};

/// Which optional request fields the engine takes. The load generator sends only these.
struct RequestFields {
  bool stream_usage = true;       ///< stream_options.include_usage
  bool continuous_usage = false;  ///< stream_options.continuous_usage_stats
  bool ignore_eos = false;
  bool min_tokens = false;
  bool cache_prompt_off = false;  ///< llama.cpp's "cache_prompt": false
  /// transformers' "generation_config", one that knows no end token.
  bool endless_generation_config = false;
};

/// Where requests go and how they look.
struct Target {
  std::string base_url;  ///< "http://127.0.0.1:8000", no trailing slash
  std::string model;     ///< the "model" field
  std::string api;       ///< "chat" or "completions"
  RequestFields fields;
  std::map<std::string, std::string> headers;  ///< authorization included
};

/// One moment of the server's own counters under our names; a counter the server does not have
/// is absent, never zero. Totals since the server's start: prompt_tokens_total,
/// generation_tokens_total, cached_tokens_total, preemptions_total; prefix_queries_total and
/// prefix_hits_total (prompt tokens looked up and found); spec_drafts_total,
/// spec_draft_tokens_total, spec_accepted_tokens_total. Momentary: requests_running,
/// requests_waiting, kv_cache_usage_ratio, spec_acceptance_length.
using CounterSnapshot = std::map<std::string, double>;

/// One moment of one of the server's latency histograms, over all its label sets, since its start.
struct HistogramSnapshot {
  std::map<double, double> cumulative;  ///< observations at or below a bound in seconds
  double sum_s = 0.0;
  double count = 0.0;
};

/// What a server's metrics page says, under our names. What it does not have is absent.
struct ServerMetrics {
  std::string family;  ///< "vllm", "sglang", "tensorrt-llm", "llama.cpp"; empty = none of them
  CounterSnapshot counters;
  /// By name: "ttft", "itl" (each gap between tokens), "tpot" (one a request: its mean gap), "e2e",
  /// "queue" (before it was first scheduled).
  std::map<std::string, HistogramSnapshot> histograms;
};

/// How long to wait for a metrics page.
struct ScrapePatience {
  std::chrono::milliseconds timeout{5000};
  const std::atomic<bool>* stop = nullptr;  ///< looked at every 100 ms; may be null
};

/// What `tokamark engines` prints for a kind.
struct Discovery {
  std::string kind;
  bool found = false;
  std::string where;    ///< path or "-"
  std::string version;  ///< empty = not known without starting it
  std::string remark;   ///< how to install it, when it is missing
};

/// Progress of a start: elapsed time and the newest line of the log.
using StartProgress = std::function<void(double elapsed_s, const std::string& last_log_line)>;

struct StartOptions {
  std::filesystem::path log_path;           ///< the engine's stdout and stderr, appended
  const std::atomic<bool>* stop = nullptr;  ///< becomes true when the user asks to stop
  StartProgress progress;                   ///< may be empty
};

/// An engine that answered a real request: started by us, or attached to. Not thread-safe except
/// `processes`, `counters` and `metrics`. The destructor stops what it started.
class RunningEngine {
 public:
  virtual ~RunningEngine() = default;

  [[nodiscard]] virtual const Target& target() const = 0;
  /// {"version", "kind", "command", "effective_config", "startup_s": {...}, "fields", "warnings"}.
  [[nodiscard]] virtual nlohmann::json info() const = 0;
  [[nodiscard]] virtual bool simulated() const = 0;

  /// Empties prefix caches where the engine can; the text says what was done or why not.
  virtual base::Result<std::string> reset_caches() = 0;
  /// Reads the server's counters; an error of kind `network` when it has none to read.
  virtual base::Result<CounterSnapshot> counters() = 0;
  /// The same with the latency histograms. Errors: `network`, `timeout`, `interrupted`.
  virtual base::Result<ServerMetrics> metrics(const ScrapePatience& patience) = 0;

  /// One greedy answer; see greedy_answer.
  virtual base::Result<nlohmann::json> ask(const std::string& prompt, int tokens) = 0;

  /// Every live process of the engine, workers included; empty for an attached server.
  [[nodiscard]] virtual std::vector<pid_t> processes() const = 0;
  /// Empty while it runs; else one line that says how it ended, with the log's tail.
  [[nodiscard]] virtual std::optional<std::string> ended() = 0;

  /// SIGTERM to the group, a wait, SIGKILL to the group, reap, and wait until the port is closed.
  /// All client streams must be closed before (vLLM waits for them for ever). Idempotent.
  virtual base::Result<void> stop() = 0;
};

/// The command that `start` would run; empty argv for an attached server. Flags are not held
/// against the engine's --help, which takes a while.
base::Result<LaunchCommand> launch_command(const EngineSpec& spec, const ModelSpec& model);

/// Starts or attaches, and returns once one real token was generated. Errors have kind `engine`
/// (or `interrupted`) and quote the cause and the log's tail in one line.
base::Result<std::unique_ptr<RunningEngine>> start(const EngineSpec& spec, const ModelSpec& model,
                                                   const StartOptions& options);

/// Every kind this build knows, in alphabetical order.
std::vector<std::string> known_kinds();
/// Looks for each kind on this machine: PATH, `venv` folders under `environments`, wheels.
std::vector<Discovery> discover();

}  // namespace tokamark::engine
