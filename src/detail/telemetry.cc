#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "detail/timeline_internal.h"

namespace tokamark::detail {

namespace {

using nlohmann::json;

/// Sums and counts over the bins of a timeline.
class Means {
 public:
  explicit Means(const Timeline& timeline) : timeline_(timeline) {}

  void add(double at_s, std::optional<double> value) {
    const double place = (at_s - timeline_.from_s) / timeline_.step_s;
    if (!value || place < 0.0 || place >= static_cast<double>(kTimeBins)) return;
    sums_[static_cast<std::size_t>(place)] += *value;
    counts_[static_cast<std::size_t>(place)] += 1.0;
    any_ = true;
  }

  [[nodiscard]] Series series(const std::string& reason) const {
    Series series;
    if (!any_) {
      series.reason = reason;
      return series;
    }
    for (std::size_t i = 0; i < kTimeBins; ++i) {
      series.values.push_back(counts_[i] > 0.0 ? std::optional(sums_[i] / counts_[i])
                                               : std::nullopt);
    }
    return series;
  }

 private:
  const Timeline& timeline_;
  std::array<double, kTimeBins> sums_{}, counts_{};
  bool any_ = false;
};

std::optional<double> number(const json& object, const char* key) {
  if (!object.is_object()) return std::nullopt;
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

/// The sum of a list with a value for each GPU; empty unless all are known.
std::optional<double> sum(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array() || found->empty()) return std::nullopt;
  double total = 0.0;
  for (const json& value : *found) {
    if (!value.is_number()) return std::nullopt;
    total += value.get<double>();
  }
  return total;
}

std::optional<double> mean(const json& object, const char* key) {
  const auto total = sum(object, key);
  if (!total) return std::nullopt;
  return *total / static_cast<double>(object[key].size());
}

std::string text(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

/// Calls `visit` with every line that is an object.
template <typename Visit>
void each_line(std::string_view telemetry, Visit visit) {
  while (!telemetry.empty()) {
    const auto end = std::min(telemetry.find('\n'), telemetry.size());
    const json line = json::parse(telemetry.substr(0, end), nullptr, false);
    if (line.is_object()) visit(line);
    telemetry.remove_prefix(std::min(end + 1, telemetry.size()));
  }
}

/// Narrows the place down by one sample: a phase holds from its edge on.
void narrow(const analysis::TrialFacts& facts, const std::string& phase, double at_s,
            ClockPlace& place) {
  const double from = base::to_seconds(facts.window_start);
  const double to = base::to_seconds(facts.window_end);
  const auto not_before = [&](double edge) { place.high_s = std::min(place.high_s, at_s - edge); };
  const auto before = [&](double edge) { place.low_s = std::max(place.low_s, at_s - edge); };
  if (phase == "loaded") before(0.0);
  if (phase == "warmup") not_before(0.0), before(from);
  if (phase == "window") not_before(from), before(to);
  if (phase == "tail") not_before(to);
}

std::optional<ClockPlace> find_place(const analysis::TrialFacts& facts,
                                     const std::vector<json>& lines) {
  constexpr double kFar = std::numeric_limits<double>::infinity();
  ClockPlace place{-kFar, kFar};
  for (const json& line : lines) {
    if (const auto at_s = number(line, "at_s")) narrow(facts, text(line, "phase"), *at_s, place);
  }
  const bool known = place.low_s > -kFar && place.high_s < kFar && place.low_s <= place.high_s;
  return known ? std::optional(place) : std::nullopt;
}

void refuse(Timeline& into, const std::string& reason) {
  for (auto* series : {&into.requests_running, &into.requests_waiting, &into.kv_cache_usage_ratio,
                       &into.prefix_hit_ratio, &into.vram_used_bytes, &into.rss_bytes,
                       &into.gpu_power_w, &into.gpu_busy_percent}) {
    series->reason = reason;
  }
}

/// What a counter of hits and one of queries gained between two readings, as a ratio.
class HitRatio {
 public:
  std::optional<double> next(const json& counters) {
    const auto hits = number(counters, "prefix_hits_total");
    const auto queries = number(counters, "prefix_queries_total");
    std::optional<double> ratio;
    if (hits && queries && hits_ && queries_ && *queries > *queries_ && *hits >= *hits_) {
      ratio = (*hits - *hits_) / (*queries - *queries_);
    }
    hits_ = hits;
    queries_ = queries;
    return ratio;
  }

 private:
  std::optional<double> hits_, queries_;
};

void add_server(const std::vector<json>& lines, double start_s, Timeline& into) {
  Means running(into), waiting(into), usage(into), hits(into);
  HitRatio hit_ratio;
  std::string reason = "the server's metrics page was not asked, or gave no answer";
  for (const json& line : lines) {
    if (text(line, "kind") != "server") continue;
    const double at_s = number(line, "at_s").value_or(0.0) - start_s;
    const json counters = line.value("counters", json());
    if (counters.is_object()) reason = "the server's metrics page does not have it";
    running.add(at_s, number(counters, "requests_running"));
    waiting.add(at_s, number(counters, "requests_waiting"));
    usage.add(at_s, number(counters, "kv_cache_usage_ratio"));
    hits.add(at_s, hit_ratio.next(counters));
  }
  into.requests_running = running.series(reason);
  into.requests_waiting = waiting.series(reason);
  into.kv_cache_usage_ratio = usage.series(reason);
  into.prefix_hit_ratio = hits.series(reason);
}

/// `not_its_gpus` says why the machine's GPUs are none of the engine's; empty = they are.
void add_machine(const std::vector<json>& lines, double start_s, const std::string& not_its_gpus,
                 Timeline& into) {
  Means vram(into), rss(into), power(into), busy(into);
  std::string gpu = "not recorded", process = "not recorded";
  for (const json& line : lines) {
    if (text(line, "kind") == "header") {
      gpu = text(line, "gpu_reason").empty() ? gpu : text(line, "gpu_reason");
      process = text(line, "process_reason").empty() ? process : text(line, "process_reason");
    }
    if (text(line, "kind") != "machine") continue;
    const double at_s = number(line, "at_s").value_or(0.0) - start_s;
    rss.add(at_s, number(line, "rss_bytes"));
    if (!not_its_gpus.empty()) continue;
    vram.add(at_s, sum(line, "vram_used_bytes"));
    power.add(at_s, sum(line, "gpu_power_w"));
    busy.add(at_s, mean(line, "gpu_busy_percent"));
  }
  if (!not_its_gpus.empty()) gpu = not_its_gpus;
  into.vram_used_bytes = vram.series(gpu);
  into.gpu_power_w = power.series(gpu);
  into.gpu_busy_percent = busy.series(gpu);
  into.rss_bytes = rss.series(process);
}

}  // namespace

void add_telemetry(const analysis::TrialFacts& facts, std::string_view telemetry, Timeline& into) {
  std::vector<json> lines;
  each_line(telemetry, [&lines](const json& line) {
    json kept = line;
    kept.erase("histograms");
    kept.erase("gpu_processes");
    lines.push_back(std::move(kept));
  });
  if (lines.empty()) {
    refuse(into, "the trial has no telemetry that can be read");
    return;
  }
  const auto place = find_place(facts, lines);
  if (!place) {
    refuse(into, "the telemetry's clock could not be placed on that of the requests");
    return;
  }
  into.telemetry_within_s = place->within_s();
  const double start_s = place->middle_s() + base::to_seconds(facts.window_start);
  add_server(lines, start_s, into);
  const auto& resources = facts.resources;
  const auto why = resources.reasons.find("vram_peak_bytes");
  const bool others = !resources.vram_peak_bytes && why != resources.reasons.end();
  add_machine(lines, start_s, others ? why->second : "", into);
}

}  // namespace tokamark::detail
