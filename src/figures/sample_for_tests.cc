#include "figures/sample_for_tests.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "detail/compute.h"
#include "report/rows.h"
#include "report/sample_for_tests.h"

namespace tokamark::figures {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kRequests = 240;

std::string engine_name(std::size_t engine, const SampleSize& size) {
  const auto name = fmt::format("engine-{}", engine + 1);
  return size.long_names ? name + std::string(40 - name.size(), 'x') : name;
}

std::vector<record::RequestRecord> records_of(double ttft_ms, bool failures) {
  std::vector<record::RequestRecord> records;
  for (std::size_t i = 0; i < kRequests; ++i) {
    record::RequestRecord record;
    record.sequence = i;
    record.phase = record::Phase::measured;
    record.scheduled = milliseconds(5000 + 250 * i);
    record.sent = record.scheduled + std::chrono::microseconds(40 + i % 50);
    record.requested_output_tokens = 32;
    record.input_tokens = static_cast<std::int64_t>(100 + 10 * (i % 40));
    const auto first = milliseconds(
        static_cast<std::int64_t>(ttft_ms * (1.0 + 0.01 * (static_cast<double>(i % 97)))));
    if (failures && i % 16 == 3) {
      record.error =
          i % 32 == 3 ? record::RequestError::http_status : record::RequestError::connection_closed;
      record.ended = record.sent + first;
    } else {
      record.status = record::RequestStatus::succeeded;
      record.first_token = record.sent + first;
      auto at = record.first_token;
      for (std::size_t token = 0; token < 32; ++token) {
        record.chunks.push_back({at, std::chrono::microseconds(8), 1, record::kKernelStamp});
        at += milliseconds(token == 15 && i % 9 == 0 ? 90 : 10);
      }
      record.last_token = record.chunks.unpacked().back().time;
      record.ended = record.last_token;
      record.output_tokens = 32;
    }
    records.push_back(std::move(record));
  }
  return records;
}

std::string telemetry() {
  std::string text = R"({"kind":"header","interval_ms":100,"gpu_reason":null})"
                     "\n";
  for (int i = 0; i < 140; ++i) {
    const double at_s = 0.5 * i;
    const char* const phase = at_s < 1.0    ? "loaded"
                              : at_s < 6.0  ? "warmup"
                              : at_s < 66.0 ? "window"
                                            : "tail";
    text += fmt::format(
        R"({{"kind":"machine","at_s":{0},"phase":"{1}","vram_used_bytes":[{2}],"gpu_power_w":[{3}],)"
        R"("gpu_busy_percent":[{4}],"rss_bytes":{5}}})"
        "\n",
        at_s, phase, 60'000'000'000LL + 1'000'000LL * i, 400 + i % 7, 80 + i % 11, 2'000'000'000LL);
    text += fmt::format(
        R"({{"kind":"server","at_s":{0},"phase":"{1}","counters":{{"requests_running":{2},)"
        R"("requests_waiting":{3},"kv_cache_usage_ratio":{4},)"
        R"("prefix_queries_total":{5},"prefix_hits_total":{6}}}}})"
        "\n",
        at_s, phase, 4 + i % 5, i % 3, 0.3 + 0.002 * i, 100 * i, 40 * i);
  }
  return text;
}

void shape(record::TrialResult& trial, const SampleSize& size, std::size_t engine,
           std::size_t load) {
  const double scale = 1.0 + 0.15 * static_cast<double>(engine);
  if (size.open) {
    trial.load = {workload::LoadKind::open, 1, static_cast<double>(load + 1),
                  workload::Arrivals::poisson, 1.0};
    trial.id = fmt::format("r{}-{}-chat-rate{}", trial.repeat, trial.engine, load + 1);
  }
  trial.metrics.tpot_ms.p50 = 8.0 * scale * (1.0 + 0.5 * static_cast<double>(load));
  trial.metrics.output_tokens_per_s = 400.0 * static_cast<double>(load + 1) / scale;
  trial.metrics.goodput_requests_per_s = 0.9 * static_cast<double>(load + 1) / scale;
  trial.metrics.slo_attainment = 1.0 / scale;
  trial.metrics.reasons.clear();
  trial.checks.in_flight_asked = trial.load.concurrency;
  trial.checks.in_flight_mean = 0.99 * trial.load.concurrency;
  trial.resources.vram_idle_bytes = std::int64_t{1} << 30;
  trial.resources.vram_loaded_bytes = std::int64_t{60} << 30;
  trial.resources.vram_warmed_bytes = std::int64_t{62} << 30;
  trial.resources.vram_peak_bytes = std::int64_t{65} << 30;
  trial.resources.gpu_energy_per_output_token_j = 0.5 * scale;
  trial.speed_of_light = {{"output_fraction", 0.4 / scale},
                          {"tpot_fraction", 0.6 / scale},
                          {"ttft_fraction", 0.3},
                          {"reason", nullptr}};
  trial.engine_info["gpu_facts"] = {{"count", 2}};
  trial.engine_info["startup_s"] = {{"port_answers", 3.0},
                                    {"healthy", 20.0 * scale},
                                    {"first_token", 21.0 * scale},
                                    {"weights", 9.0}};
}

void spoil(record::TrialResult& trial) {
  trial.verdict = record::Verdict::invalid;
  trial.codes = {{"errors", "15 of 240 requests failed", "Lower the load."}};
  trial.metrics.ttft_ms.p95.reset();
  trial.metrics.ttft_ms.reasons["p95"] = "falls on failed requests";
  trial.metrics.goodput_requests_per_s.reset();
  trial.metrics.reasons["goodput_requests_per_s"] = "not recorded";
  trial.resources.vram_peak_bytes.reset();
  trial.speed_of_light = nullptr;
}

}  // namespace

Sample sample(const SampleSize& size) {
  Sample made;
  made.result = report::sample_study();
  made.result.trials.clear();
  made.result.study["engines"] = nlohmann::json::array();
  made.result.study["slo"] = {{"ttft_ms", 80}, {"tpot_ms", 20}, {"e2e_ms", 900}};
  made.result.study["hardware"] = {{"price_per_hour_usd", 4}};
  std::size_t number = 0;
  for (std::size_t engine = 0; engine < size.engines; ++engine) {
    const auto name = engine_name(engine, size);
    made.result.study["engines"].push_back({{"name", name}});
    for (std::size_t load = 0; load < size.loads; ++load) {
      for (std::uint32_t repeat = 1; repeat <= size.repeats; ++repeat) {
        const double ttft_ms = 20.0 * (1.0 + static_cast<double>(load)) *
                               (1.0 + 0.2 * static_cast<double>(engine) + 0.01 * repeat);
        auto trial = report::sample_trial(name, 1U << load, repeat, ttft_ms);
        shape(trial, size, engine, load);
        const bool bad = size.missing && ++number % 3 == 0;
        if (bad) spoil(trial);
        if (size.detailed) {
          analysis::TrialFacts facts;
          facts.window_start = std::chrono::seconds(5);
          facts.window_end = std::chrono::seconds(65);
          facts.slo = {80.0, 20.0, 900.0};
          made.detail[trial.id] = detail::compute(facts, records_of(ttft_ms, bad), telemetry());
        }
        made.result.trials.push_back(std::move(trial));
      }
    }
  }
  return made;
}

FigureSet make(const Sample& sample) {
  const auto workloads = report::make_rows(sample.result);
  return make_figures(sample.result, workloads.at(0), sample.detail);
}

const Figure& find(const FigureSet& set, const std::string& id) {
  for (const auto& figure : set.figures) {
    if (figure.id == id) return figure;
  }
  throw std::out_of_range(id + " is not there");
}

bool has(const FigureSet& set, const std::string& id) {
  return std::any_of(set.figures.begin(), set.figures.end(),
                     [&id](const Figure& figure) { return figure.id == id; });
}

std::size_t count_rows(const nlohmann::json& part) {
  std::size_t rows = part.contains("data") ? part["data"]["values"].size() : 0;
  for (const char* inner : {"layer", "concat"}) {
    if (!part.contains(inner)) continue;
    for (const auto& one : part[inner]) rows += count_rows(one);
  }
  return rows;
}

}  // namespace tokamark::figures
