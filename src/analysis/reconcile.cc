#include "analysis/reconcile.h"

#include <fmt/core.h>

#include <algorithm>

#include "analysis/load_trends.h"
#include "analysis/steadiness.h"

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

/// How much a counter of the engine grew over the trial.
std::optional<double> growth(const TrialFacts& facts, const char* name) {
  if (!facts.engine_info.is_object()) return std::nullopt;
  const auto before = counter(facts.engine_info, "counters_before", name);
  const auto after = counter(facts.engine_info, "counters_after", name);
  if (!before || !after) return std::nullopt;
  return *after - *before;
}

/// The cached share by the engine's own counters, for servers that do not say it with each answer:
/// what goes beyond the longest template for every request.
std::optional<double> counted_cached_share(const TrialFacts& facts,
                                           std::span<const RequestRecord> records) {
  const auto cached = growth(facts, "cached_tokens_total");
  const auto input = growth(facts, "prompt_tokens_total");
  if (!cached || !input || *input <= 0.0) return std::nullopt;
  const double template_tokens = kMostTemplateTokens * static_cast<double>(records.size());
  return std::max(0.0, *cached - template_tokens) / *input;
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
  const auto server = growth(facts, "generation_tokens_total");
  if (!server) return {};
  double counted = 0.0, possible = 0.0, requests = 0.0;
  for (const RequestRecord& r : records) {
    if (r.status == RequestStatus::succeeded) {
      counted += static_cast<double>(std::max<std::int64_t>(r.output_tokens, 0));
      requests += 1.0;
    } else if (r.sent.count() >= 0) {
      possible += static_cast<double>(r.requested_output_tokens);
    }
  }
  if (*server >= counted * (1.0 - tolerance) - requests &&
      *server <= (counted + possible) * (1.0 + tolerance) + requests) {
    return {};
  }
  return fmt::format("the engine counted {:.0f} generated tokens, the client {:.0f}{}", *server,
                     counted,
                     possible > 0 ? fmt::format(" and at most {:.0f} more", possible) : "");
}

UsageCheck contradictory_usages(std::span<const RequestRecord> records) {
  using record::TokenSource;
  UsageCheck check;
  for (const RequestRecord& r : records) {
    const TokenSource source = r.output_tokens_source;
    const bool continuous = source == TokenSource::continuous_usage;
    if (r.phase != record::Phase::measured || r.status != RequestStatus::succeeded) continue;
    if (!continuous && source != TokenSource::usage) continue;
    ++check.all;
    const auto events = static_cast<std::int64_t>(r.chunks.size());
    // The reader takes the counts off events that do not add up.
    const bool no_sum = continuous && events > 0 && r.chunks.front().tokens == 0;
    if (no_sum || events > r.output_tokens + 1) ++check.contradictory;
  }
  return check;
}

record::TrialChecks compute_checks(const TrialFacts& facts,
                                   std::span<const RequestRecord> records) {
  record::TrialChecks checks;
  checks.in_flight_mean = facts.in_flight_mean;
  checks.littles_law_mean = mean_in_flight(facts, records);
  checks.cached_share = cached_share(records);
  if (!checks.cached_share) checks.cached_share = counted_cached_share(facts, records);
  if (const auto server = growth(facts, "generation_tokens_total")) {
    checks.server_tokens = static_cast<std::int64_t>(*server);
  }
  std::int64_t tokens = 0;
  for (const RequestRecord& r : records) {
    if (r.status == RequestStatus::succeeded) tokens += std::max<std::int64_t>(r.output_tokens, 0);
  }
  checks.client_tokens = tokens;
  const Steadiness steadiness = compute_steadiness(records);
  checks.ttft_drift_log = steadiness.ttft_drift_log;
  checks.tpot_drift_log = steadiness.tpot_drift_log;
  checks.ttft_autocorrelation = steadiness.ttft_autocorrelation;
  if (facts.load.kind == workload::LoadKind::closed) {
    checks.in_flight_asked = facts.load.concurrency;
    return checks;
  }
  const LoadTrends trends = load_trends(facts, records);
  checks.in_flight_trend_p = trends.in_flight_p;
  checks.ttft_trend_p = trends.ttft_p;
  checks.ttft_rise_share = trends.ttft_rise_share;
  return checks;
}

}  // namespace tokamark::analysis
