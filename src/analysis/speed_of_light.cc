#include "analysis/speed_of_light.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "roofline/bounds.h"
#include "stats/quantile.h"

namespace tokamark::analysis {

namespace {

using base::Error;
using base::ErrorKind;
using nlohmann::json;
using record::RequestRecord;

/// An engine that holds less than this of the model's weights on the GPUs does not run on them.
constexpr double kLeastHeldShare = 0.5;

struct Limits {
  roofline::ModelFacts model;
  roofline::Ceilings ceilings;
  std::optional<double> window_tokens;  ///< to which some layers' attention is limited
};

Error unknown(std::string why) { return {ErrorKind::study, std::move(why)}; }

std::optional<double> number(const json& object, const char* name) {
  const auto at = object.find(name);
  if (at == object.end() || !at->is_number()) return std::nullopt;
  return at->get<double>();
}

/// One of the two objects of engine_info, or the reason that stands in its place.
base::Result<json> facts_at(const json& info, const char* name) {
  const auto at = info.is_object() ? info.find(name) : info.end();
  if (!info.is_object() || at == info.end() || !at->is_object()) {
    return unknown("the version that ran the trial did not look for the model's facts");
  }
  const auto reason = at->find("reason");
  if (reason == at->end()) return *at;
  return unknown(reason->is_string() ? reason->get<std::string>() : "not known");
}

base::Result<Limits> limits_of(const TrialFacts& facts) {
  TOKAMARK_TRY(const json model, facts_at(facts.engine_info, "model_facts"));
  TOKAMARK_TRY(const json gpu, facts_at(facts.engine_info, "gpu_facts"));
  Limits limits;
  TOKAMARK_TRY(limits.model, roofline::model_facts_from_json(model));
  TOKAMARK_TRY(limits.ceilings, roofline::ceilings_from_json(gpu));
  limits.window_tokens = number(model, "attention_window_tokens");
  const auto& resources = facts.resources;
  const auto weights = number(model, "weight_bytes");
  if (weights && resources.vram_idle_bytes && resources.vram_loaded_bytes) {
    const auto held =
        static_cast<double>(*resources.vram_loaded_bytes - *resources.vram_idle_bytes);
    if (held < kLeastHeldShare * *weights) {
      return unknown("the GPUs do not hold the model's weights, so the engine ran elsewhere");
    }
  }
  return limits;
}

/// What the measured requests that succeeded were like.
struct Lengths {
  double context_tokens = 0;  ///< mean of prompt and half the answer
  double prompt_tokens = 0;   ///< median
  double prefill_s = 0;       ///< median of the requests' own bounds
};

base::Result<Lengths> lengths_of(const Limits& limits, std::span<const RequestRecord> records) {
  std::vector<double> contexts, prompts, bounds;
  for (const RequestRecord& r : records) {
    if (r.phase != record::Phase::measured || r.status != record::RequestStatus::succeeded) {
      continue;
    }
    if (r.input_tokens <= 0 || r.output_tokens <= 0) {
      return unknown("the server does not say how long prompts and answers are");
    }
    // The last prompt token is always computed.
    const std::int64_t cached = std::clamp(r.cached_tokens, std::int64_t{0}, r.input_tokens - 1);
    contexts.push_back(static_cast<double>(r.input_tokens) +
                       static_cast<double>(r.output_tokens) / 2.0);
    prompts.push_back(static_cast<double>(r.input_tokens));
    bounds.push_back(
        roofline::prefill_bound(limits.model, limits.ceilings, {r.input_tokens - cached, cached})
            .seconds);
  }
  if (contexts.empty()) return unknown("no measured request succeeded");
  std::sort(prompts.begin(), prompts.end());
  std::sort(bounds.begin(), bounds.end());
  const Lengths lengths{stats::mean(contexts), stats::nearest_rank(prompts, 0.5),
                        stats::nearest_rank(bounds, 0.5)};
  if (limits.window_tokens && lengths.context_tokens > *limits.window_tokens) {
    return unknown(
        fmt::format("sequences are longer than the {:.0f} tokens that the attention of "
                    "some layers sees",
                    *limits.window_tokens));
  }
  return lengths;
}

json empty_bounds() {
  json object = json::object();
  for (const char* name : {"decode_tpot_ms", "output_tokens_per_s", "prefill_ttft_ms",
                           "tpot_fraction", "output_fraction", "ttft_fraction", "bound",
                           "decoding_mean", "context_tokens_mean", "prompt_tokens_p50", "reason"}) {
    object[name] = nullptr;
  }
  object["impossible"] = json::array();
  return object;
}

/// The share that was reached of a bound; a time is reached the better the nearer it is from above.
void add_shares(const record::TrialMetrics& metrics, json& object) {
  const auto share = [&object](const char* name, std::optional<double> reached,
                               std::optional<double> of) {
    if (!reached || !of || !(*of > 0.0)) return;
    object[name] = *reached / *of;
    if (*reached > *of) object["impossible"].push_back(name);
  };
  share("tpot_fraction", number(object, "decode_tpot_ms"), metrics.tpot_ms.p50);
  share("output_fraction", metrics.output_tokens_per_s, number(object, "output_tokens_per_s"));
  share("ttft_fraction", number(object, "prefill_ttft_ms"), metrics.ttft_ms.p50);
}

/// Why a share is null or above 1.
void add_reason(json& object) {
  std::vector<std::string> reasons;
  if (!object["impossible"].empty()) {
    reasons.push_back(fmt::format(
        "{} above 1: the facts of the model or the GPU are wrong, or the measurement is",
        fmt::join(object["impossible"].get<std::vector<std::string>>(), ", ")));
  }
  std::vector<std::string> missing;
  for (const char* name : {"tpot_fraction", "output_fraction", "ttft_fraction"}) {
    if (object[name].is_null()) missing.emplace_back(name);
  }
  if (!missing.empty()) {
    reasons.push_back(
        fmt::format("nothing was measured to compare for {}", fmt::join(missing, ", ")));
  }
  if (!reasons.empty()) object["reason"] = fmt::format("{}", fmt::join(reasons, "; "));
}

}  // namespace

std::optional<double> mean_decoding(const TrialFacts& facts,
                                    std::span<const RequestRecord> records) {
  const base::Nanos from = facts.window_start;
  const base::Nanos to = facts.window_end;
  if (from.count() < 0 || to <= from) return std::nullopt;
  double total_s = 0.0;
  for (const RequestRecord& r : records) {
    if (r.first_token.count() < 0) continue;
    const base::Nanos begun = std::max(r.first_token, from);
    const base::Nanos ended = std::min(r.last_token, to);
    if (ended > begun) total_s += base::to_seconds(ended - begun);
  }
  return total_s / base::to_seconds(to - from);
}

json speed_of_light(const TrialFacts& facts, const record::TrialResult& trial,
                    std::span<const RequestRecord> records) {
  json object = empty_bounds();
  const auto refuse = [&object](const std::string& reason) {
    object["reason"] = reason;
    return object;
  };
  const auto limits = limits_of(facts);
  if (limits.has_error()) return refuse(limits.error().message);
  if (trial.server.spec_acceptance_length.value_or(1.0) > 1.0) {
    return refuse("with speculative decoding a step yields more than one token a sequence");
  }
  const auto lengths = lengths_of(limits.value(), records);
  if (lengths.has_error()) return refuse(lengths.error().message);
  const auto decoding = mean_decoding(facts, records);
  const auto in_flight =
      trial.checks.in_flight_mean ? trial.checks.in_flight_mean : trial.checks.littles_law_mean;
  if (!decoding || !in_flight) return refuse("the window did not open and close");

  const auto decode = [&](double sequences) {
    // A step has one sequence at least; a mean below that is of times without a step.
    return roofline::decode_bound(limits.value().model, limits.value().ceilings,
                                  {std::max(sequences, 1.0), lengths.value().context_tokens});
  };
  const roofline::StepBound step = decode(*decoding);
  object["decode_tpot_ms"] = 1000.0 * step.seconds;
  object["output_tokens_per_s"] = *in_flight / decode(*in_flight).seconds;
  object["prefill_ttft_ms"] = 1000.0 * lengths.value().prefill_s;
  object["bound"] = roofline::to_word(step.side);
  object["decoding_mean"] = *decoding;
  object["context_tokens_mean"] = lengths.value().context_tokens;
  object["prompt_tokens_p50"] = lengths.value().prompt_tokens;
  add_shares(trial.metrics, object);
  add_reason(object);
  return object;
}

}  // namespace tokamark::analysis
