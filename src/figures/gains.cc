#include "figures/gains.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/text.h"

namespace tokamark::figures {
namespace {

using report::Quantity;
using report::Reading;
using report::Row;

bool gpus_known(const Frame& frame) {
  const auto& rows = frame.workload.rows;
  return !rows.empty() &&
         std::all_of(rows.begin(), rows.end(), [](const Row& row) { return gpus_of(row); });
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

Measure cost_measure(double price_usd) {
  return {"Cost", "$ per million output tokens", "cost_per_million_output_tokens_usd",
          [price_usd](const record::TrialResult& trial) -> Reading {
            const auto& output = trial.metrics.output_tokens_per_s;
            if (!output || !(*output > 0.0)) return {std::nullopt, "no output"};
            return {price_usd / 3600.0 / *output * 1e6, ""};
          }};
}

Measure energy_measure() {
  return {
      "Energy", "J per output token", "", [](const record::TrialResult& trial) -> Reading {
        const auto& resources = trial.resources;
        if (resources.gpu_energy_per_output_token_j) {
          return {*resources.gpu_energy_per_output_token_j, ""};
        }
        const auto found = resources.reasons.find("gpu_energy_per_output_token_j");
        return {std::nullopt, found == resources.reasons.end() ? "not recorded" : found->second};
      }};
}

}  // namespace

std::optional<double> gpus_of(const Row& row) {
  const auto& info = chosen_trial(row).engine_info;
  if (!info.is_object() || !info.contains("gpu_facts") || !info["gpu_facts"].is_object()) {
    return std::nullopt;
  }
  const auto& facts = info["gpu_facts"];
  const auto count = facts.find("count");
  if (count == facts.end() || !count->is_number() || count->get<double>() < 1.0) {
    return std::nullopt;
  }
  return count->get<double>();
}

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
      cost_measure(*price),
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
      energy_measure(),
      "Energy (J per output token)",
      "Energy",
      "J / tok",
      false,
      false,
      " Energy of all GPUs of the machine in the window over the output tokens; a million over it "
      "is the output tokens/s per MW."};
}

}  // namespace tokamark::figures
