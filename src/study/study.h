#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "analysis/thresholds.h"
#include "base/error.h"
#include "engine/spec.h"
#include "workload/lengths.h"
#include "workload/schedule.h"

namespace tokamark::study {

/// Token lengths are sampled by the workload module.
using workload::LengthSpec;

/// How long an answer is: exactly `output_tokens` (ignore_eos, min_tokens), or where the model
/// stops, with `output_tokens` as the limit.
enum class OutputRule { exact, natural };

struct WorkloadSpec {
  std::string name;
  std::filesystem::path prompts;        ///< prompts file, or empty for synthetic prompts
  std::vector<std::string> categories;  ///< keep only these; empty = all
  LengthSpec input_tokens;
  LengthSpec output_tokens;
  OutputRule output_rule = OutputRule::exact;
  workload::Salting salt = workload::Salting::on;
  double temperature = 0.0;
};

struct WindowSpec {
  double warmup_s = 30.0;
  std::optional<std::uint32_t> warmup_requests;  ///< empty = 2 x concurrency (M14)
  double seconds = 60.0;                         ///< least length of the window (M15)
  std::uint32_t requests = 1000;                 ///< least requests in the window (M15); 0 = none
  double max_seconds = 0.0;                      ///< longest window; 0 = 10 x seconds
  std::uint32_t probes = 5;                      ///< single requests before the ramp
};

struct TimeoutSpec {
  double connect_s = 10.0;
  double first_byte_s = 300.0;
  double inter_chunk_s = 120.0;
  double total_s = 600.0;
  double cooldown_s = 300.0;  ///< of the GPUs, before an engine is started
};

/// `slo`: a request is good when it meets every limit given here.
struct SloSpec {
  std::optional<double> ttft_ms, tpot_ms, e2e_ms;
  [[nodiscard]] bool empty() const { return !ttft_ms && !tpot_ms && !e2e_ms; }
};

struct HardwareSpec {
  std::string gpu;
  std::optional<double> price_per_hour_usd;
  std::string price_date;  ///< when that was the price; empty = not said
};

/// Whether load threads stay on cores of their own.
enum class ClientPin { automatic, none, listed };

/// What load threads receive with.
enum class ClientReceive { epoll, io_uring };

struct ClientSpec {
  std::uint32_t threads = 1;
  ClientReceive receive = ClientReceive::epoll;
  ClientPin pin = ClientPin::automatic;
  std::vector<int> cpus;       ///< pin is listed: a core for each thread
  double calibration_s = 1.0;  ///< length of the calibrations around a trial; 0 = none
};

/// A way in which engines are set up. Engines are compared within their arm.
struct ArmSpec {
  std::string name;
  engine::Defaults defaults = engine::Defaults::neutral;
  engine::Settings settings;
  std::string budget;  ///< what tuning was allowed to cost, in words
};

/// A parsed study file, defaults filled in.
struct Study {
  std::string name;  ///< `name`, else the file's stem
  std::uint64_t seed = 1;
  std::uint32_t repeats = 1;         ///< blocks; each starts every engine anew
  std::uint32_t runs_per_start = 1;  ///< of every workload and load, within one start (M18)
  engine::ModelSpec model;
  std::vector<ArmSpec> arms;                ///< empty = one arm without a name, neutral
  std::vector<engine::EngineSpec> engines;  ///< one for each arm that an engine takes part in
  std::vector<std::string> intended;        ///< differences between engines that are meant
  /// Metrics that verdicts and winners are about, declared in advance (methodology M24); empty =
  /// comparison::primary_metrics' own choice.
  std::vector<std::string> primary;
  std::vector<WorkloadSpec> workloads;
  std::vector<workload::LoadShape> loads;
  WindowSpec window;
  TimeoutSpec timeouts;
  SloSpec slo;
  HardwareSpec hardware;
  ClientSpec client;
  analysis::Thresholds validity;
};

/// `--set path=value`: a dotted path into the study and a YAML value, as in
/// "window.seconds=4" or "engines.0.port=9000" or "load.concurrency=[1,2]".
struct Override {
  std::string path;
  std::string value;
};

/// Parses a study. Errors have kind `study` and read `FILE:LINE:COLUMN: what was found, what was
/// expected[, did you mean "nearest"?]`. `file` is used in messages; relative paths in the study
/// are resolved against `folder`.
base::Result<Study> parse_study(const std::string& yaml, const std::string& file,
                                const std::filesystem::path& folder,
                                const std::vector<Override>& overrides);
/// Reads and parses a file. Relative paths in it become absolute ones, from the file's folder.
base::Result<Study> load_study(const std::filesystem::path& file,
                               const std::vector<Override>& overrides);

/// The study as JSON with defaults, for plans, results and hashes: keys as in the study file, so
/// that it can be parsed again. Values of headers and variables that sound like secrets read
/// "(hidden)".
nlohmann::json to_json(const Study& study);

/// `--prompts FILE`: every workload takes its prompts from this file, all categories of it,
/// instead of its own. The file is read once to refuse a bad one now; errors have kind `study`.
base::Result<void> use_prompts(Study& study, const std::filesystem::path& file);

/// The JSON Schema of the study file; docs/study.schema.json holds it and a test compares.
nlohmann::json study_schema();

/// "ttft_ms <= 200, tpot_ms <= 50" -> SloSpec. Kind `usage` on error.
base::Result<SloSpec> parse_slo(const std::string& expression);

}  // namespace tokamark::study
