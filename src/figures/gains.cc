#include "figures/gains.h"

#include <fmt/format.h>

#include <algorithm>

#include "comparison/metric.h"
#include "report/text.h"

namespace tokamark::figures {
namespace {

using report::Quantity;
using report::Row;

bool gpus_known(const Frame& frame) {
  const auto& rows = frame.workload.rows;
  return !rows.empty() && std::all_of(rows.begin(), rows.end(),
                                      [](const Row& row) { return report::gpu_count(row); });
}

std::optional<double> price_per_hour_usd(const Frame& frame) {
  const auto& study = frame.result.study;
  if (!study.is_object() || !study.contains("hardware") || !study["hardware"].is_object()) {
    return std::nullopt;
  }
  const auto found = study["hardware"].find("price_per_hour_usd");
  if (found == study["hardware"].end() || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

/// A number that engines are compared by, under that name.
Measure compared(const char* name, const char* unit, const char* metric,
                 std::optional<double> price_usd = std::nullopt) {
  return {name, unit, metric,
          [metric = comparison::find_metric(metric),
           price_usd](const record::TrialResult& trial) -> report::Reading {
            const auto reading = comparison::read(*metric, trial, price_usd);
            return {reading.value, reading.reason};
          }};
}

}  // namespace

Gain output_gain(const Frame& frame) {
  const bool per_gpu = gpus_known(frame);
  return {measure(Quantity::output_tokens_per_s),
          per_gpu ? "Output tokens/s per GPU" : "Output tokens/s",
          "Output",
          "tok/s",
          true,
          per_gpu,
          per_gpu ? " Output tokens a second over the GPUs that the engine uses."
                  : " Output tokens a second of the whole machine: not every engine says how many "
                    "GPUs it uses."};
}

std::optional<Gain> cost_gain(const Frame& frame) {
  const auto price = price_per_hour_usd(frame);
  if (!price) return std::nullopt;
  return Gain{
      compared("Cost", "$ per million output tokens", "cost_per_million_output_tokens_usd", price),
      "Cost ($ per million output tokens)",
      "Cost",
      "$ / M tok",
      false,
      false,
      fmt::format(" At {} US dollars an hour for the machine, as the study says; input tokens "
                  "are not counted apart.",
                  report::format_number(*price))};
}

Gain energy_gain() {
  return {
      compared("Energy", "J per output token", "gpu_energy_per_output_token_j"),
      "Energy (J per output token)",
      "Energy",
      "J / tok",
      false,
      false,
      " Energy of all GPUs of the machine in the window over the output tokens; a million over it "
      "is the output tokens/s per MW."};
}

}  // namespace tokamark::figures
