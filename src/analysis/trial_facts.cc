#include "analysis/trial_facts.h"

namespace tokamark::analysis {

namespace {

using nlohmann::json;

template <typename T>
json number_or_null(const std::optional<T>& value) {
  return value ? json(*value) : json(nullptr);
}

template <typename T = double>
std::optional<T> optional_number(const json& parent, const char* key) {
  const auto found = parent.find(key);
  if (found == parent.end() || found->is_null()) return std::nullopt;
  return found->get<T>();
}

}  // namespace

json to_json(const TrialFacts& facts) {
  // The parts shared with results.json are written and read by the record module.
  record::TrialResult shell;
  shell.load = facts.load;
  shell.resources = facts.resources;
  shell.server = facts.server;
  const json shared = record::to_json(shell);
  return {
      {"id", facts.id},
      {"engine", facts.engine},
      {"workload", facts.workload},
      {"load", shared.at("load")},
      {"repeat", facts.repeat},
      {"run", facts.run},
      {"window_start_ns", facts.window_start.count()},
      {"window_end_ns", facts.window_end.count()},
      {"least_requests", facts.least_requests},
      {"slo",
       {{"ttft_ms", number_or_null(facts.slo.ttft_ms)},
        {"tpot_ms", number_or_null(facts.slo.tpot_ms)},
        {"e2e_ms", number_or_null(facts.slo.e2e_ms)}}},
      {"validity", to_json(facts.validity)},
      {"output_length", facts.output_length == OutputLength::exact ? "exact" : "natural"},
      {"cold_cache", facts.cold_cache},
      {"schedule_sha256", facts.schedule_sha256},
      {"resources", shared.at("resources")},
      {"server", shared.at("server")},
      {"client_cpu_s", facts.client_cpu_s},
      {"client_window_cpu_s", facts.client_window_cpu_s},
      {"client_run_delay_s", number_or_null(facts.client_run_delay_s)},
      {"client_context_switches_voluntary",
       number_or_null(facts.client_context_switches_voluntary)},
      {"client_context_switches_involuntary",
       number_or_null(facts.client_context_switches_involuntary)},
      {"in_flight_mean", number_or_null(facts.in_flight_mean)},
      {"scheduling", facts.scheduling},
      {"pinning", facts.pinning},
      {"receive", facts.receive},
      {"client_cpus", facts.client_cpus},
      {"clock_stepped", facts.clock_stepped},
      {"probes", facts.probes},
      {"never_warm", facts.never_warm},
      {"dirty_machine", facts.dirty_machine},
      {"stopped", facts.stopped},
      {"calibration", facts.calibration},
      {"engine_info", facts.engine_info},
  };
}

base::Result<TrialFacts> facts_from_json(const json& json) {
  try {
    nlohmann::json shared = record::to_json(record::TrialResult());
    shared["load"] = json.at("load");
    shared["resources"] = json.at("resources");
    shared["server"] = json.value("server", nlohmann::json());  // older versions have none
    TOKAMARK_TRY(const record::TrialResult shell, record::trial_from_json(shared));
    TrialFacts facts;
    facts.id = json.at("id").get<std::string>();
    facts.engine = json.at("engine").get<std::string>();
    facts.workload = json.at("workload").get<std::string>();
    facts.load = shell.load;
    facts.repeat = json.at("repeat").get<std::uint32_t>();
    facts.run = json.value("run", 1U);
    facts.window_start = base::Nanos(json.at("window_start_ns").get<std::int64_t>());
    facts.window_end = base::Nanos(json.at("window_end_ns").get<std::int64_t>());
    facts.least_requests = json.at("least_requests").get<std::uint32_t>();
    const nlohmann::json& slo = json.at("slo");
    facts.slo = {optional_number(slo, "ttft_ms"), optional_number(slo, "tpot_ms"),
                 optional_number(slo, "e2e_ms")};
    facts.validity = thresholds_from_json(json.value("validity", nlohmann::json()));
    facts.output_length = json.at("output_length").get<std::string>() == "exact"
                              ? OutputLength::exact
                              : OutputLength::natural;
    facts.cold_cache = json.value("cold_cache", false);
    facts.schedule_sha256 = json.at("schedule_sha256").get<std::string>();
    facts.resources = shell.resources;
    facts.server = shell.server;
    facts.client_cpu_s = json.at("client_cpu_s").get<double>();
    facts.client_window_cpu_s = json.at("client_window_cpu_s").get<double>();
    facts.client_run_delay_s = optional_number(json, "client_run_delay_s");
    facts.client_context_switches_voluntary =
        optional_number<std::int64_t>(json, "client_context_switches_voluntary");
    facts.client_context_switches_involuntary =
        optional_number<std::int64_t>(json, "client_context_switches_involuntary");
    facts.in_flight_mean = optional_number(json, "in_flight_mean");
    facts.pinning = json.value("pinning", "");
    facts.receive = json.value("receive", "");
    facts.client_cpus = json.value("client_cpus", std::vector<int>());
    facts.scheduling = json.at("scheduling").get<std::string>();
    facts.clock_stepped = json.at("clock_stepped").get<bool>();
    facts.probes = json.at("probes").get<std::uint32_t>();
    facts.never_warm = json.at("never_warm").get<bool>();
    facts.dirty_machine = json.value("dirty_machine", "");
    facts.stopped = json.at("stopped").get<std::string>();
    facts.calibration = json.value("calibration", nlohmann::json());
    facts.engine_info = json.at("engine_info");
    return facts;
  } catch (const nlohmann::json::exception& e) {
    return base::Error{base::ErrorKind::study,
                       std::string("facts.json is not as this version writes it: ") + e.what()};
  }
}

}  // namespace tokamark::analysis
