#include "study/build.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <system_error>
#include <utility>

#include "study/arms.h"
#include "study/text_forms.h"
#include "study/wording.h"

namespace tokamark::study {

namespace {

using Json = nlohmann::json;

template <typename T>
std::optional<T> maybe(const Json& values, const char* key) {
  if (!values.contains(key)) return std::nullopt;
  return values[key].get<T>();
}

std::string text_or_empty(const Json& values, const char* key) {
  return maybe<std::string>(values, key).value_or("");
}

/// A list, whether one value or several were written.
template <typename T>
std::vector<T> list_of(const Json& value) {
  if (!value.is_array()) return {value.get<T>()};
  return value.get<std::vector<T>>();
}

engine::ModelSpec build_model(const Json& values, const std::filesystem::path& folder) {
  engine::ModelSpec model;
  model.name = values["name"].get<std::string>();
  model.path = resolved_model(text_or_empty(values, "path"), folder);
  model.revision = text_or_empty(values, "revision");
  model.precision = text_or_empty(values, "precision");
  model.parameters_b = maybe<double>(values, "parameters_b").value_or(0.0);
  model.active_parameters_b = maybe<double>(values, "active_parameters_b").value_or(0.0);
  return model;
}

/// EngineSpec::url has no trailing slash and no /v1, however it was written. The host is kept
/// whatever it is called.
std::string base_url(std::string url) {
  const std::size_t host = url.find("://") + 3;
  for (;;) {
    if (url.size() > host && url.back() == '/') {
      url.pop_back();
    } else if (url.size() > host + 3 && url.compare(url.size() - 3, 3, "/v1") == 0) {
      url.resize(url.size() - 3);
    } else {
      return url;
    }
  }
}

engine::EngineSpec build_engine(const Json& values, const std::filesystem::path& folder) {
  engine::EngineSpec spec;
  spec.name = values["name"].get<std::string>();
  spec.kind = values["kind"].get<std::string>();
  if (values.contains("url")) spec.url = base_url(values["url"].get<std::string>());
  spec.host = values["host"].get<std::string>();
  spec.port = maybe<std::uint16_t>(values, "port").value_or(0);
  if (values.contains("venv")) {
    spec.venv = resolved_path(values["venv"].get<std::string>(), folder).string();
  }
  spec.binary = text_or_empty(values, "binary");
  // A bare name is looked up on PATH by the engine; only something like a path is resolved.
  if (spec.binary.find('/') != std::string::npos) {
    spec.binary = resolved_path(spec.binary, folder).string();
  }
  spec.image = text_or_empty(values, "image");
  spec.container_runtime = text_or_empty(values, "container_runtime");
  spec.container_args = values["container_args"].get<std::vector<std::string>>();
  if (values.contains("settings")) spec.settings = settings_of(values["settings"]);
  spec.model = resolved_model(text_or_empty(values, "model"), folder);
  spec.profile = text_or_empty(values, "profile");
  spec.args = values["args"].get<std::vector<std::string>>();
  spec.env = values["env"].get<std::map<std::string, std::string>>();
  spec.version = text_or_empty(values, "version");
  spec.api = values["api"].get<std::string>();
  spec.headers = values["headers"].get<std::map<std::string, std::string>>();
  spec.api_key_env = text_or_empty(values, "api_key_env");
  spec.start_timeout = std::chrono::seconds(values["start_timeout_s"].get<std::int64_t>());
  spec.stop_timeout = std::chrono::seconds(values["stop_timeout_s"].get<std::int64_t>());
  return spec;
}

WindowSpec build_window(const Json& values) {
  WindowSpec window;
  window.warmup_s = values["warmup_s"].get<double>();
  window.warmup_requests = maybe<std::uint32_t>(values, "warmup_requests");
  window.seconds = values["seconds"].get<double>();
  window.requests = values["requests"].get<std::uint32_t>();
  window.max_seconds = values["max_seconds"].get<double>();
  window.probes = values["probes"].get<std::uint32_t>();
  return window;
}

TimeoutSpec build_timeouts(const Json& values) {
  return {values["connect_s"].get<double>(), values["first_byte_s"].get<double>(),
          values["inter_chunk_s"].get<double>(), values["total_s"].get<double>(),
          values["cooldown_s"].get<double>()};
}

class Builder {
 public:
  Builder(const CheckedStudy& checked, const Source& source, std::filesystem::path folder)
      : checked_(checked), source_(source), folder_(std::move(folder)) {}

  base::Result<Study> build() {
    const Json& values = checked_.values;
    study_.name = text_or_empty(values, "name");
    study_.repeats = values["repeats"].get<std::uint32_t>();
    study_.runs_per_start = values["runs_per_start"].get<std::uint32_t>();
    if (values.contains("model")) study_.model = build_model(values["model"], folder_);
    if (study_.model.active_parameters_b > study_.model.parameters_b &&
        study_.model.parameters_b > 0.0) {
      return error("model.active_parameters_b", "model: more active parameters than parameters");
    }
    TOKAMARK_TRY_VOID(unique_names("engines"));
    TOKAMARK_TRY_VOID(unique_names("workloads"));
    TOKAMARK_TRY_VOID(engines());
    study_.primary = maybe<std::vector<std::string>>(values["comparison"], "primary")
                         .value_or(std::vector<std::string>());
    study_.intended = maybe<std::vector<std::string>>(values["fairness"], "intended")
                          .value_or(std::vector<std::string>{});
    for (std::size_t i = 0; i < values["workloads"].size(); ++i) TOKAMARK_TRY_VOID(workload(i));
    study_.window = build_window(values["window"]);
    study_.timeouts = build_timeouts(values["timeouts"]);
    study_.slo.ttft_ms = maybe<double>(values["slo"], "ttft_ms");
    study_.slo.tpot_ms = maybe<double>(values["slo"], "tpot_ms");
    study_.slo.e2e_ms = maybe<double>(values["slo"], "e2e_ms");
    study_.hardware.gpu = text_or_empty(values["hardware"], "gpu");
    study_.hardware.price_per_hour_usd = maybe<double>(values["hardware"], "price_per_hour_usd");
    study_.hardware.price_date = text_or_empty(values["hardware"], "price_date");
    study_.validity = analysis::thresholds_from_json(values["validity"]);
    TOKAMARK_TRY_VOID(client(values["client"]));
    TOKAMARK_TRY_VOID(seed());
    TOKAMARK_TRY_VOID(loads());
    TOKAMARK_TRY_VOID(window_fits());
    return std::move(study_);
  }

 private:
  [[nodiscard]] base::Error error(const std::string& path, const std::string& what) const {
    return source_.error(checked_.origin(path), what);
  }

  base::Result<void> unique_names(const std::string& list) const {
    std::set<std::string> seen;
    for (std::size_t i = 0; i < checked_.values[list].size(); ++i) {
      const std::string name = checked_.values[list][i]["name"].get<std::string>();
      if (seen.insert(name).second) continue;
      return error(fmt::format("{}.{}.name", list, i),
                   fmt::format("{}: the name \"{}\" is there twice", list, name));
    }
    return base::ok();
  }

  base::Result<void> engines() {
    const Json& values = checked_.values;
    std::vector<WrittenEngine> written;
    for (const Json& engine : values["engines"]) {
      written.push_back(
          {build_engine(engine, folder_),
           maybe<std::vector<std::string>>(engine, "arms").value_or(std::vector<std::string>{})});
      // Only a server that already runs can say what it serves.
      if (!values.contains("model") && written.back().spec.kind != "openai") {
        return error("", "the study needs the key \"model\", since it starts the engine \"" +
                             written.back().spec.name + "\"");
      }
    }
    if (values.contains("arms")) {
      study_.arms = arms_of(values["arms"]);
      TOKAMARK_TRY_VOID(unique_names("arms"));
    }
    const engine::Settings common =
        values.contains("settings") ? settings_of(values["settings"]) : engine::Settings{};
    auto expanded = engines_of_arms(written, study_.arms, common);
    if (expanded.has_error()) return error("engines", expanded.error().message);
    study_.engines = std::move(expanded.value());
    return base::ok();
  }

  base::Result<void> client(const Json& values) {
    ClientSpec& client = study_.client;
    client.threads = values["threads"].get<std::uint32_t>();
    client.calibration_s = values["calibration_s"].get<double>();
    if (values["receive"] == "io_uring") client.receive = ClientReceive::io_uring;
    const Json& pin = values["pin"];
    if (pin.is_string()) {
      client.pin = pin == "none" ? ClientPin::none : ClientPin::automatic;
      return base::ok();
    }
    client.pin = ClientPin::listed;
    client.cpus = pin.get<std::vector<int>>();
    const std::set<int> different(client.cpus.begin(), client.cpus.end());
    if (different.size() == client.cpus.size() && client.cpus.size() == client.threads) {
      return base::ok();
    }
    return error("client.pin",
                 fmt::format("client.pin: expected {} different core numbers, one for each of "
                             "client.threads, found {}",
                             client.threads, pin.dump()));
  }

  base::Result<void> seed() {
    const auto top = maybe<std::uint64_t>(checked_.values, "seed");
    const auto inner = maybe<std::uint64_t>(checked_.values["load"], "seed");
    if (top && inner) {
      return error("load.seed", "the seed is at the top level and under load; keep one of them");
    }
    study_.seed = top.value_or(inner.value_or(study_.seed));
    return base::ok();
  }

  base::Result<void> workload(std::size_t index) {
    const Json& values = checked_.values["workloads"][index];
    const std::string path = fmt::format("workloads.{}", index);
    WorkloadSpec spec;
    spec.name = values["name"].get<std::string>();
    if (values.contains("prompts")) {
      spec.prompts = resolved_path(values["prompts"].get<std::string>(), folder_);
      std::error_code code;
      if (!std::filesystem::is_regular_file(spec.prompts, code)) {
        return error(path + ".prompts", fmt::format("{}.prompts: there is no file {}", place(index),
                                                    spec.prompts.string()));
      }
    }
    if (values.contains("categories")) {
      if (spec.prompts.empty()) {
        return error(path + ".categories",
                     place(index) + ": categories go with a prompts file, not with input_tokens");
      }
      spec.categories = values["categories"].get<std::vector<std::string>>();
    }
    spec.output_rule = values["output_rule"] == "exact" ? OutputRule::exact : OutputRule::natural;
    spec.salt = values["salt"].get<bool>() ? workload::Salting::on : workload::Salting::off;
    spec.temperature = values["temperature"].get<double>();
    if (values.contains("input_tokens")) {
      TOKAMARK_TRY(spec.input_tokens, length(values["input_tokens"], path + ".input_tokens"));
      TOKAMARK_TRY_VOID(salt_fits(spec, index));
    }
    TOKAMARK_TRY(spec.output_tokens, length(values["output_tokens"], path + ".output_tokens"));
    study_.workloads.push_back(std::move(spec));
    return base::ok();
  }

  static std::string place(std::size_t index) { return fmt::format("workloads[{}]", index); }

  base::Result<void> salt_fits(const WorkloadSpec& spec, std::size_t index) const {
    const std::uint32_t least = workload::least_length(spec.input_tokens);
    if (spec.salt == workload::Salting::off || least > workload::kSaltWords) return base::ok();
    return error(fmt::format("workloads.{}.input_tokens", index),
                 fmt::format("{}.input_tokens: {} tokens have no room for the salt of {} words "
                             "and a word of the prompt; ask for {} or more, or set salt: false",
                             place(index), least, workload::kSaltWords, workload::kSaltWords + 1));
  }

  base::Result<LengthSpec> length(const Json& value, const std::string& path) const {
    LengthSpec spec;
    if (value.is_number()) {
      spec.fixed = value.get<std::uint32_t>();
      return spec;
    }
    if (value.contains("uniform")) {
      spec.kind = LengthSpec::Kind::uniform;
      spec.low = value["uniform"][0].get<std::uint32_t>();
      spec.high = value["uniform"][1].get<std::uint32_t>();
      if (spec.low <= spec.high) return spec;
      return error(path + ".uniform", "uniform: the least length comes first, as in [16, 64]");
    }
    spec.kind = LengthSpec::Kind::quantiles;
    for (std::size_t i = 0; i < value["quantiles"].size(); ++i) {
      const Json& point = value["quantiles"][i];
      const auto tokens = static_cast<std::uint32_t>(point[1].get<double>());
      const bool right = point[0].get<double>() <= 1.0 && tokens >= 1 &&
                         point[1].get<double>() == tokens &&
                         (i == 0 || (point[0].get<double>() > spec.table.back().first &&
                                     tokens >= spec.table.back().second));
      if (!right) {
        return error(fmt::format("{}.quantiles.{}", path, i),
                     "quantiles: expected pairs [probability from 0 to 1, whole length of 1 or "
                     "more], rising in both");
      }
      spec.table.emplace_back(point[0].get<double>(), tokens);
    }
    return spec;
  }

  base::Result<void> loads() {
    const Json& values = checked_.values["load"];
    workload::LoadShape shape;
    if (values.contains("concurrency")) {
      for (const char* key : {"arrivals", "gamma_cv"}) {
        if (!values.contains(key)) continue;
        return error(std::string("load.") + key,
                     fmt::format("load: {} goes with rate_per_s, not with concurrency", key));
      }
      for (const std::uint32_t level : list_of<std::uint32_t>(values["concurrency"])) {
        shape.concurrency = level;
        study_.loads.push_back(shape);
      }
      return different_levels("load.concurrency");
    }
    TOKAMARK_TRY_VOID(arrivals(values, shape));
    shape.kind = workload::LoadKind::open;
    for (const double rate : list_of<double>(values["rate_per_s"])) {
      shape.rate_per_s = rate;
      study_.loads.push_back(shape);
    }
    return different_levels("load.rate_per_s");
  }

  base::Result<void> arrivals(const Json& values, workload::LoadShape& shape) const {
    const std::string word = maybe<std::string>(values, "arrivals").value_or("poisson");
    const auto key_cv = maybe<double>(values, "gamma_cv");
    if (word == "constant") shape.arrivals = workload::Arrivals::constant;
    if (word.rfind("gamma", 0) == 0) shape.arrivals = workload::Arrivals::gamma;
    const bool inside = word.find(':') != std::string::npos;
    if (shape.arrivals != workload::Arrivals::gamma) {
      if (key_cv) return error("load.gamma_cv", "load: gamma_cv goes with arrivals gamma");
      return base::ok();
    }
    if (inside == key_cv.has_value()) {
      return error("load.arrivals",
                   "load: gamma arrivals need their coefficient of variation "
                   "once: gamma_cv: 1.5, or arrivals: gamma:1.5");
    }
    shape.gamma_cv = inside ? gamma_cv_of(word) : *key_cv;
    if (shape.gamma_cv > 0.0 && shape.gamma_cv <= 10.0) return base::ok();
    return error("load.arrivals",
                 "load.arrivals: expected a coefficient of variation above 0 and "
                 "up to 10, found " +
                     shown(word));
  }

  [[nodiscard]] base::Result<void> different_levels(const std::string& path) const {
    std::set<std::string> seen;
    for (std::size_t i = 0; i < study_.loads.size(); ++i) {
      if (seen.insert(study_.loads[i].label()).second) continue;
      return error(fmt::format("{}.{}", path, i),
                   fmt::format("load: the level {} is there twice", study_.loads[i].label()));
    }
    return base::ok();
  }

  [[nodiscard]] base::Result<void> window_fits() const {
    const WindowSpec& window = study_.window;
    if (window.max_seconds > 0.0 && window.max_seconds < window.seconds) {
      return error("window.max_seconds", "window: max_seconds is less than seconds");
    }
    for (std::size_t i = 0; i < study_.loads.size(); ++i) {
      const std::string problem = level_problem(study_.loads[i], window);
      if (!problem.empty()) return error(fmt::format("load.concurrency.{}", i), problem);
    }
    return base::ok();
  }

  const CheckedStudy& checked_;
  const Source& source_;
  std::filesystem::path folder_;
  Study study_;
};

}  // namespace

std::string level_problem(const workload::LoadShape& load, const WindowSpec& window) {
  if (load.kind != workload::LoadKind::closed || window.requests == 0) return {};
  if (window.requests >= load.concurrency) return {};
  return fmt::format(
      "load: concurrency {} with window.requests {}: a level with fewer requests than its "
      "concurrency never reaches it; ask for {} requests or more, or set window.requests: 0 to "
      "measure by time alone",
      load.concurrency, window.requests, load.concurrency);
}

base::Result<Study> build_study(const CheckedStudy& checked, const Source& source,
                                const std::filesystem::path& folder) {
  return Builder(checked, source, folder).build();
}

}  // namespace tokamark::study
