#include "advice/facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace tokamark::advice {

namespace {

using nlohmann::json;

constexpr std::string_view kRunnerUp = "runner_up.";

constexpr std::array kFacts{
    FactInfo{"ttft_p50_ms", Unit::milliseconds, "metrics/ttft_ms/p50", ""},
    FactInfo{"ttft_p99_ms", Unit::milliseconds, "metrics/ttft_ms/p99", ""},
    FactInfo{"tpot_p50_ms", Unit::milliseconds, "metrics/tpot_ms/p50", ""},
    FactInfo{"tpot_p99_ms", Unit::milliseconds, "metrics/tpot_ms/p99", ""},
    FactInfo{"output_tokens_per_s", Unit::none, "metrics/output_tokens_per_s", ""},
    FactInfo{"slo_attainment", Unit::share, "metrics/slo_attainment", ""},
    FactInfo{"requests_running_mean", Unit::none, "server/requests_running_mean", ""},
    FactInfo{"requests_running_peak", Unit::none, "server/requests_running_peak", ""},
    FactInfo{"requests_waiting_mean", Unit::none, "server/requests_waiting_mean", ""},
    FactInfo{"kv_cache_usage_peak_ratio", Unit::share, "server/kv_cache_usage_peak_ratio", ""},
    FactInfo{"preemptions", Unit::none, "server/preemptions", ""},
    FactInfo{"prefix_hit_share", Unit::share, "server/prefix_hit_share", ""},
    FactInfo{"spec_acceptance_length", Unit::none, "server/spec_acceptance_length", ""},
    FactInfo{"server_queue_mean_ms", Unit::milliseconds, "server/server_queue_ms/mean", ""},
    FactInfo{"in_flight_mean", Unit::none, "checks/in_flight_mean", ""},
    FactInfo{"in_flight_asked", Unit::none, "checks/in_flight_asked", ""},
    FactInfo{"run_delay_share", Unit::share, "client/run_delay_share", ""},
    FactInfo{"gpu_slowdown_share", Unit::share, "resources/gpu_slowdown_share", ""},
    FactInfo{"gpu_temperature_peak_c", Unit::none, "resources/gpu_temperature_peak_c", ""},
    FactInfo{"gpu_power_mean_w", Unit::none, "resources/gpu_power_mean_w", ""},
    FactInfo{"speed_of_light.tpot_fraction", Unit::share, "speed_of_light/tpot_fraction", ""},
    FactInfo{"speed_of_light.bound", Unit::none, "speed_of_light/bound", ""},
    FactInfo{"settings.max_sequences", Unit::none, "engine_info/settings/max_sequences/value", ""},
    FactInfo{"settings.max_batch_tokens", Unit::none, "engine_info/settings/max_batch_tokens/value",
             ""},
    FactInfo{"settings.kv_cache_dtype", Unit::none, "engine_info/settings/kv_cache_dtype/value",
             ""},
    FactInfo{"settings.prefix_cache", Unit::none, "engine_info/settings/prefix_cache/value", ""},

    FactInfo{"engine", Unit::none, "", "Its name."},
    FactInfo{"workload", Unit::none, "", "Its name."},
    FactInfo{"load", Unit::none, "", "As in c=8 or 4/s."},
    FactInfo{"load_kind", Unit::none, "", "closed or open."},
    FactInfo{"valid", Unit::none, "", "Whether the facts come from valid trials."},
    FactInfo{"is_single_stream", Unit::none, "", "A closed load of one request in flight."},
    FactInfo{"is_lowest_load", Unit::none, "", "Of those that the engine has trials at."},
    FactInfo{"is_highest_load", Unit::none, "", "Of those that the engine has trials at."},
    FactInfo{"previous_load", Unit::none, "", "The next lower one."},
    FactInfo{"workload_salted", Unit::none, "", "Whether its prompts were made to be new."},
    FactInfo{"slo", Unit::none, "", "The study's limits in words; not known without."},
    FactInfo{"slo_attainment_low", Unit::share, "", "Lower end of the interval over runs."},
    FactInfo{"best_slo_attainment", Unit::share, "",
             "The largest over loads with valid trials; known when it is at all of those."},
    FactInfo{"is_highest_load_within_slo", Unit::none, "",
             "The highest load up to which the interval of attainment lies at 90 % or above."},
    FactInfo{"in_flight_share", Unit::share, "", "in_flight_mean over in_flight_asked."},
    FactInfo{"running_share", Unit::share, "",
             "requests_running_peak over the max_sequences that is in force."},
    FactInfo{"running_evenness", Unit::share, "",
             "requests_running_mean over requests_running_peak; near 1 = held at a limit."},
    FactInfo{"throughput_gain", Unit::percent_change, "",
             "Closed loads: growth of output_tokens_per_s from the next lower load."},
    FactInfo{"throughput_gain_share", Unit::share, "",
             "throughput_gain over the growth of the concurrency; 1 = in step with it."},
    FactInfo{"ttft_growth", Unit::percent_change, "",
             "Growth of ttft_p50_ms from the next lower load."},

    FactInfo{"metric", Unit::none, "", "Winners: what is compared, in words."},
    FactInfo{"metric_family", Unit::none, "",
             "Winners: ttft, tpot, itl, e2e, throughput, energy, cost or other."},
    FactInfo{"runner_up", Unit::none, "", "Winners: the engine closest behind."},
    FactInfo{"ttft_verdict", Unit::none, "",
             "Winners: ahead, behind, equivalent or not_resolved of the runner-up by TTFT p50."},
    FactInfo{"tpot_verdict", Unit::none, "", "Winners: the same by TPOT p50."},
    FactInfo{"waiting_ratio", Unit::share, "",
             "Winners: requests_waiting_mean over the runner-up's, where that is above 0."},

    FactInfo{"engines_tested", Unit::none, "", "Study: engines with trials."},
    FactInfo{"loads_tested", Unit::none, "", "Study: loads with trials."},
    FactInfo{"blocks", Unit::none, "", "Study: the most blocks behind a primary comparison."},
    FactInfo{"primary_different", Unit::none, "", "Study: primary comparisons so decided."},
    FactInfo{"primary_equivalent", Unit::none, "", "Study: primary comparisons so decided."},
    FactInfo{"primary_spanning_one", Unit::none, "",
             "Study: primary comparisons not resolved because the interval holds 1."},
    FactInfo{"resolution", Unit::none, "", "Study: resolutions of those, as a range."},
    FactInfo{"settings_unequal", Unit::none, "",
             "Study: whether settings that decide results differ unmeant."},
    FactInfo{"unequal_settings", Unit::none, "", "Study: the names of those."},
};

std::string number_text(double value) {
  if (std::abs(value) < 1e15 && value == std::round(value)) return fmt::format("{:.0f}", value);
  const double size = std::abs(value);
  return size >= 100.0  ? fmt::format("{:.0f}", value)
         : size >= 10.0 ? fmt::format("{:.1f}", value)
                        : fmt::format("{:.2f}", value);
}

}  // namespace

std::span<const FactInfo> all_facts() { return kFacts; }

const FactInfo* find_fact(std::string_view name) {
  if (name.substr(0, kRunnerUp.size()) == kRunnerUp) name.remove_prefix(kRunnerUp.size());
  const auto* const found = std::find_if(kFacts.begin(), kFacts.end(),
                                         [name](const FactInfo& f) { return f.name == name; });
  return found == kFacts.end() ? nullptr : found;
}

std::string share_text(double share) {
  const double percent = 100.0 * share;
  return std::abs(percent) >= 9.95 || percent == 0.0 ? fmt::format("{:.0f} %", percent)
                                                     : fmt::format("{:.1f} %", percent);
}

std::string value_text(std::string_view name, const Value& value) {
  if (const bool* flag = std::get_if<bool>(&value)) return *flag ? "yes" : "no";
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  const double number = std::get<double>(value);
  const FactInfo* info = find_fact(name);
  switch (info == nullptr ? Unit::none : info->unit) {
    case Unit::share:
    case Unit::percent_change:
      return share_text(number);
    case Unit::milliseconds:
      return number_text(number) + " ms";
    case Unit::none:
      break;
  }
  return number_text(number);
}

std::optional<double> number_of(const Facts& facts, std::string_view name) {
  const auto found = facts.find(name);
  if (found == facts.end()) return std::nullopt;
  const double* number = std::get_if<double>(&found->second);
  return number == nullptr ? std::nullopt : std::optional<double>(*number);
}

std::optional<std::string> text_of(const Facts& facts, std::string_view name) {
  const auto found = facts.find(name);
  if (found == facts.end()) return std::nullopt;
  const auto* text = std::get_if<std::string>(&found->second);
  return text == nullptr ? std::nullopt : std::optional<std::string>(*text);
}

bool is_true(const Facts& facts, std::string_view name) {
  const auto found = facts.find(name);
  if (found == facts.end()) return false;
  const bool* flag = std::get_if<bool>(&found->second);
  return flag != nullptr && *flag;
}

const json* find_path(const json& root, std::string_view path) {
  const json* place = &root;
  while (!path.empty()) {
    const auto cut = path.find('/');
    const std::string key(path.substr(0, cut));
    path = cut == std::string_view::npos ? std::string_view() : path.substr(cut + 1);
    if (!place->is_object()) return nullptr;
    const auto found = place->find(key);
    if (found == place->end()) return nullptr;
    place = &*found;
  }
  return place;
}

std::string text_under(const json& root, std::string_view path) {
  const json* found = find_path(root, path);
  return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<double> number_under(const json& root, std::string_view path) {
  const json* found = find_path(root, path);
  if (found == nullptr || !found->is_number()) return std::nullopt;
  const double number = found->get<double>();
  return std::isfinite(number) ? std::optional<double>(number) : std::nullopt;
}

std::optional<Value> value_under(const json& root, std::string_view path) {
  const json* found = find_path(root, path);
  if (found == nullptr) return std::nullopt;
  if (found->is_boolean()) return Value(found->get<bool>());
  if (found->is_string()) return Value(found->get<std::string>());
  if (const auto number = number_under(root, path)) return Value(*number);
  return std::nullopt;
}

}  // namespace tokamark::advice
