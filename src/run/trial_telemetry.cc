#include "run/trial_telemetry.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/counters.h"
#include "run/resources.h"
#include "run/server_summary.h"

namespace tokamark::run {

namespace {

using Json = nlohmann::ordered_json;

/// [[0.001,0.0],...,["+Inf",12.0]]: observations at or below each bound in seconds.
Json buckets(const std::map<double, double>& cumulative) {
  Json list = Json::array();
  for (const auto& [bound, count] : cumulative) {
    list.push_back({std::isfinite(bound) ? Json(bound) : Json("+Inf"), count});
  }
  return list;
}

Json counters_json(const engine::CounterSnapshot& counters) {
  Json object = Json::object();
  for (const std::string_view name : engine::counter_names()) {
    const auto found = counters.find(std::string(name));
    object[std::string(name)] = found == counters.end() ? Json() : Json(found->second);
  }
  return object;
}

Json histograms_json(const std::map<std::string, engine::HistogramSnapshot>& histograms) {
  Json object = Json::object();
  for (const std::string_view name : engine::histogram_names()) {
    Json& one = object[std::string(name)];
    const auto found = histograms.find(std::string(name));
    if (found == histograms.end()) continue;
    one = {{"count", found->second.count},
           {"sum_s", found->second.sum_s},
           {"buckets", buckets(found->second.cumulative)}};
  }
  return object;
}

/// The family that the server's page told last, else the kind that the study names.
std::string family_of(std::span<const Scrape> scrapes, const nlohmann::json& info) {
  std::string family = info.value("kind", "");
  for (const Scrape& scrape : scrapes) {
    if (scrape.error.empty()) family = scrape.metrics.family;
  }
  return family;
}

}  // namespace

std::string load_phase(const LoadEdges& edges, base::Nanos at) {
  const auto reached = [at](base::Nanos edge) { return edge >= base::Nanos(0) && at >= edge; };
  if (reached(edges.tail)) return "tail";
  if (reached(edges.window)) return "window";
  return reached(edges.load) ? "warmup" : "loaded";
}

std::vector<probe::TelemetryLine> server_lines(std::span<const Scrape> scrapes,
                                               const LoadEdges& edges) {
  std::vector<probe::TelemetryLine> lines;
  for (const Scrape& scrape : scrapes) {
    const bool answered = scrape.error.empty();
    Json line{{"kind", "server"},
              {"at_s", base::to_seconds(scrape.answered)},
              {"asked_s", base::to_seconds(scrape.asked)},
              {"phase", load_phase(edges, scrape.answered)},
              {"error", answered ? Json() : Json(scrape.error)},
              {"family", answered ? Json(scrape.metrics.family) : Json()}};
    line["counters"] = answered ? counters_json(scrape.metrics.counters) : Json();
    line["histograms"] = answered ? histograms_json(scrape.metrics.histograms) : Json();
    lines.push_back(
        {scrape.answered, line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)});
  }
  return lines;
}

probe::SamplerOptions TrialTelemetry::of(engine::RunningEngine& engine) {
  probe::SamplerOptions options;
  options.processes = [&engine] { return engine.processes(); };
  return options;
}

void TrialTelemetry::begin_load() {
  sampler_.mark("loaded");
  scraper_.emplace(
      [this](const engine::ScrapePatience& patience) { return engine_.metrics(patience); },
      sampler_.begun());
}

void TrialTelemetry::window_opened() {
  scraper_->ask_now();
  sampler_.mark("window");
}

TelemetryOutput TrialTelemetry::finish(const load::PlayResult& played) {
  const std::vector<Scrape> scrapes = scraper_->finish();
  const base::Nanos offset = played.start - sampler_.begun();
  probe::Telemetry telemetry = sampler_.finish();
  const bool opened = played.window_start >= base::Nanos(0);
  const bool closed = played.window_end >= base::Nanos(0);
  const base::Nanos unreached{-1};
  const LoadEdges edges{offset, opened ? offset + played.window_start : unreached,
                        closed ? offset + played.window_end : unreached};
  for (probe::Sample& sample : telemetry.samples) {
    const bool of_load = sample.phase == "loaded" || sample.phase == "window";
    if (of_load) sample.phase = load_phase(edges, sample.at);
  }
  const Span window{offset + played.window_start, offset + played.window_end};
  TelemetryOutput output;
  output.text = probe::to_json_lines(telemetry, server_lines(scrapes, edges));
  output.resources = summarise(telemetry, window.from, window.to);
  output.server = summarise_server(scrapes, window, offset);
  if (!scrapes.empty() && scrapes.back().error.empty()) {
    output.counters_after = scrapes.back().metrics.counters;
  }
  auto& resources = output.resources;
  resources.vram_peak_kind = vram_peak_kind(family_of(scrapes, engine_.info()));
  if (resources.vram_peak_kind.empty()) {
    resources.reasons["vram_peak_kind"] = "this server is not known to tokamark";
  }
  return output;
}

}  // namespace tokamark::run
