#include "analysis/reconcile.h"

#include <fmt/core.h>

#include <algorithm>

namespace tokamark::analysis {

namespace {

using record::RequestRecord;
using record::RequestStatus;

/// No common chat template is longer; a cache that gives every prompt more is warm.
constexpr double kMostTemplateTokens = 64.0;

std::optional<double> counter(const nlohmann::json& info, const char* when, const char* name) {
  const auto snapshot = info.find(when);
  if (snapshot == info.end() || !snapshot->is_object()) return std::nullopt;
  const auto value = snapshot->find(name);
  if (value == snapshot->end() || !value->is_number()) return std::nullopt;
  return value->get<double>();
}

}  // namespace

bool is_refusal(const TrialFacts& facts, const RequestRecord& r) {
  return facts.output_length == OutputLength::exact && r.status == RequestStatus::succeeded &&
         r.output_tokens == 1 && r.requested_output_tokens > 1;
}

std::optional<double> cached_share(std::span<const RequestRecord> records) {
  double cached = 0.0, input = 0.0, requests = 0.0, least = kMostTemplateTokens;
  for (const RequestRecord& r : records) {
    if (r.phase != record::Phase::measured || r.cached_tokens < 0 || r.input_tokens <= 0) continue;
    const auto in = static_cast<double>(r.input_tokens);
    const auto hit = static_cast<double>(r.cached_tokens);
    least = std::min(least, hit);
    requests += 1.0;
    cached += hit;
    input += in;
  }
  if (input == 0.0) return std::nullopt;
  return (cached - requests * least) / input;
}

std::optional<double> mean_in_flight(const TrialFacts& facts,
                                     std::span<const RequestRecord> records) {
  const base::Nanos from = facts.window_start;
  const base::Nanos to = facts.window_end;
  if (from.count() < 0 || to <= from) return std::nullopt;
  double total_s = 0.0;
  for (const RequestRecord& r : records) {
    if (r.sent.count() < 0) continue;
    const base::Nanos begun = std::max(r.sent, from);
    const base::Nanos ended = r.ended.count() < 0 ? to : std::min(r.ended, to);
    if (ended > begun) total_s += base::to_seconds(ended - begun);
  }
  return total_s / base::to_seconds(to - from);
}

std::string token_contradiction(const TrialFacts& facts, std::span<const RequestRecord> records,
                                double tolerance) {
  if (!facts.engine_info.is_object()) return {};
  constexpr const char* kName = "generation_tokens_total";
  const auto before = counter(facts.engine_info, "counters_before", kName);
  const auto after = counter(facts.engine_info, "counters_after", kName);
  if (!before || !after) return {};
  const double server = *after - *before;
  double counted = 0.0, possible = 0.0;
  for (const RequestRecord& r : records) {
    if (r.status == RequestStatus::succeeded) {
      counted += static_cast<double>(std::max<std::int64_t>(r.output_tokens, 0));
    } else if (r.sent.count() >= 0) {
      possible += static_cast<double>(r.requested_output_tokens);
    }
  }
  if (server >= counted * (1.0 - tolerance) && server <= (counted + possible) * (1.0 + tolerance)) {
    return {};
  }
  return fmt::format("the engine counted {:.0f} generated tokens, the client {:.0f}{}", server,
                     counted,
                     possible > 0 ? fmt::format(" and at most {:.0f} more", possible) : "");
}

}  // namespace tokamark::analysis
