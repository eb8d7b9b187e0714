#include "run/server_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "stats/histogram.h"
#include "stats/quantile.h"

namespace tokamark::run {

namespace {

using Reasons = std::map<std::string, std::string>;

constexpr const char* kNoMetric = "the server's metrics page does not have it";
constexpr const char* kRestarted = "it fell between two answers, as when the server starts again";
constexpr const char* kOneAnswer =
    "no two answers of the metrics page came near the window's edges";
/// A total that was read farther from an edge of the window tells of something else.
constexpr base::Nanos kNearEdge = std::chrono::seconds(5);

/// A value, or why there is none.
struct Figure {
  std::optional<double> value;
  std::string reason;
};

/// The answers that came within the window, and the two nearest to its edges.
struct View {
  std::vector<const Scrape*> inside;
  const Scrape* first = nullptr;  ///< null with `last` unless they are two
  const Scrape* last = nullptr;
  std::string none;  ///< why there is not a single answer inside
};

base::Nanos distance(base::Nanos a, base::Nanos b) { return a > b ? a - b : b - a; }

View view_of(std::span<const Scrape> scrapes, Span window) {
  View view;
  std::string failure;
  const auto nearer = [](const Scrape* kept, const Scrape& other, base::Nanos edge) {
    return kept == nullptr || distance(other.answered, edge) < distance(kept->answered, edge);
  };
  for (const Scrape& scrape : scrapes) {
    if (!scrape.error.empty()) {
      if (failure.empty()) failure = scrape.error;
      continue;
    }
    if (nearer(view.first, scrape, window.from)) view.first = &scrape;
    if (nearer(view.last, scrape, window.to)) view.last = &scrape;
    if (scrape.answered >= window.from && scrape.answered <= window.to) {
      view.inside.push_back(&scrape);
    }
  }
  const bool two = view.first != view.last &&
                   distance(view.first->answered, window.from) <= kNearEdge &&
                   distance(view.last->answered, window.to) <= kNearEdge;
  if (!two) view.first = view.last = nullptr;
  view.none = failure.empty() ? "no answer of the metrics page lies in the window" : failure;
  return view;
}

/// The values of a counter that is momentary.
std::vector<double> moments(const View& view, const char* name) {
  std::vector<double> values;
  for (const Scrape* scrape : view.inside) {
    const auto found = scrape->metrics.counters.find(name);
    if (found != scrape->metrics.counters.end()) values.push_back(found->second);
  }
  return values;
}

std::string why_no_moment(const View& view) { return view.inside.empty() ? view.none : kNoMetric; }

/// How much a total grew.
Figure growth(const View& view, const char* name) {
  if (view.first == nullptr) return {std::nullopt, view.inside.empty() ? view.none : kOneAnswer};
  const auto& before = view.first->metrics.counters;
  const auto& after = view.last->metrics.counters;
  const auto from = before.find(name);
  const auto to = after.find(name);
  if (from == before.end() || to == after.end()) return {std::nullopt, kNoMetric};
  if (to->second < from->second) return {std::nullopt, kRestarted};
  return {to->second - from->second, ""};
}

Figure prefix_hit_share(const View& view) {
  const Figure queries = growth(view, "prefix_queries_total");
  const Figure hits = growth(view, "prefix_hits_total");
  if (!queries.value) return queries;
  if (!hits.value) return hits;
  if (*queries.value <= 0.0) return {std::nullopt, "no prompt token was looked up"};
  return {*hits.value / *queries.value, ""};
}

/// 1 + accepted over drafts, as vLLM defines it; else the mean of the server's own figure.
Figure acceptance_length(const View& view) {
  const char* const kOff = "nothing was drafted: speculative decoding is off, or idle";
  const Figure drafts = growth(view, "spec_drafts_total");
  const Figure accepted = growth(view, "spec_accepted_tokens_total");
  if (drafts.value && accepted.value) {
    if (*drafts.value <= 0.0) return {std::nullopt, kOff};
    return {1.0 + *accepted.value / *drafts.value, ""};
  }
  std::vector<double> told = moments(view, "spec_acceptance_length");
  if (told.empty()) return {std::nullopt, drafts.reason};
  std::erase(told, 0.0);
  if (told.empty()) return {std::nullopt, kOff};
  return {stats::mean(told), ""};
}

/// Sets p50 or p99 of the observations, or the reason why there is none.
void add_percentile(const stats::CumulativeCounts& counts, double q,
                    record::HistogramSummary& summary) {
  const bool median = q == 0.5;
  std::string& reason = summary.reasons[median ? "p50" : "p99"];
  const auto floor = static_cast<std::int64_t>(stats::sample_floor(q));
  const auto found = stats::bucket_quantile(counts, q);
  if (summary.n < floor) {
    reason = fmt::format("needs {} samples, has {}", floor, summary.n.value_or(0));
  } else if (!found) {
    reason = "above the last bucket of the server's histogram";
  } else {
    (median ? summary.p50 : summary.p99) = found->value * 1e3;
    (median ? summary.p50_bucket : summary.p99_bucket) = {found->low * 1e3, found->high * 1e3};
    summary.reasons.erase(median ? "p50" : "p99");
  }
}

record::HistogramSummary latency(const View& view, const char* name) {
  record::HistogramSummary summary;
  const auto refuse = [&](const std::string& reason) {
    for (const char* field : {"n", "mean", "p50", "p99"}) summary.reasons[field] = reason;
    return summary;
  };
  if (view.first == nullptr) return refuse(view.inside.empty() ? view.none : kOneAnswer);
  const auto& before = view.first->metrics.histograms;
  const auto& after = view.last->metrics.histograms;
  const auto from = before.find(name);
  const auto to = after.find(name);
  if (from == before.end() || to == after.end()) return refuse(kNoMetric);
  const double count = to->second.count - from->second.count;
  if (count < 0.0) return refuse(kRestarted);
  stats::CumulativeCounts counts;
  for (const auto& [bound, value] : to->second.cumulative) {
    const auto earlier = from->second.cumulative.find(bound);
    counts[bound] = value - (earlier == from->second.cumulative.end() ? 0.0 : earlier->second);
  }
  summary.n = std::llround(count);
  if (summary.n == 0) {
    for (const char* field : {"mean", "p50", "p99"}) summary.reasons[field] = "it has no samples";
    return summary;
  }
  summary.mean = (to->second.sum_s - from->second.sum_s) / count * 1e3;
  add_percentile(counts, 0.5, summary);
  add_percentile(counts, 0.99, summary);
  return summary;
}

/// Longest time in the window without an answer, its edges counting as answers.
base::Nanos longest_gap(const View& view, Span window) {
  base::Nanos longest{0}, last = window.from;
  for (const Scrape* scrape : view.inside) {
    longest = std::max(longest, scrape->answered - last);
    last = scrape->answered;
  }
  return std::max(longest, window.to - last);
}

void count_scrapes(std::span<const Scrape> scrapes, const View& view, Span window,
                   record::TrialServer& server) {
  base::Nanos waited{0};
  for (const Scrape& scrape : scrapes) {
    if (scrape.answered < window.from || scrape.asked > window.to) continue;
    ++server.scrapes;
    if (scrape.error.empty()) {
      waited += scrape.answered - scrape.asked;
    } else if (server.scrapes_failed++ == 0) {
      server.scrape_error = scrape.error;
    }
  }
  const std::int64_t answered = server.scrapes - server.scrapes_failed;
  if (answered > 0) {
    server.scrape_mean_ms = base::to_ms(waited) / static_cast<double>(answered);
  } else {
    server.reasons["scrape_mean_ms"] = view.none;
  }
  server.scrape_gap_s = base::to_seconds(longest_gap(view, window));
}

}  // namespace

record::TrialServer summarise_server(std::span<const Scrape> scrapes, Span window,
                                     base::Nanos trial_start) {
  record::TrialServer server;
  const View view = view_of(scrapes, window);
  count_scrapes(scrapes, view, window, server);
  const auto set = [&](const char* field, std::optional<double>& into, const Figure& figure) {
    into = figure.value;
    if (!into) server.reasons[field] = figure.reason;
  };
  const auto moment = [&](const char* name, const char* mean_field, std::optional<double>& mean,
                          const char* peak_field, std::optional<double>& peak) {
    const std::vector<double> values = moments(view, name);
    if (values.empty()) {
      server.reasons[mean_field] = server.reasons[peak_field] = why_no_moment(view);
      return;
    }
    mean = stats::mean(values);
    peak = *std::max_element(values.begin(), values.end());
  };
  if (view.first != nullptr) {
    server.from_s = base::to_seconds(view.first->answered - trial_start);
    server.to_s = base::to_seconds(view.last->answered - trial_start);
  } else {
    server.reasons["from_s"] = server.reasons["to_s"] =
        view.inside.empty() ? view.none : kOneAnswer;
  }
  moment("requests_running", "requests_running_mean", server.requests_running_mean,
         "requests_running_peak", server.requests_running_peak);
  moment("requests_waiting", "requests_waiting_mean", server.requests_waiting_mean,
         "requests_waiting_peak", server.requests_waiting_peak);
  moment("kv_cache_usage_ratio", "kv_cache_usage_mean_ratio", server.kv_cache_usage_mean_ratio,
         "kv_cache_usage_peak_ratio", server.kv_cache_usage_peak_ratio);
  set("preemptions", server.preemptions, growth(view, "preemptions_total"));
  set("prefix_hit_share", server.prefix_hit_share, prefix_hit_share(view));
  set("spec_acceptance_length", server.spec_acceptance_length, acceptance_length(view));
  server.server_ttft_ms = latency(view, "ttft");
  server.server_itl_ms = latency(view, "itl");
  server.server_tpot_ms = latency(view, "tpot");
  server.server_e2e_ms = latency(view, "e2e");
  server.server_queue_ms = latency(view, "queue");
  return server;
}

}  // namespace tokamark::run
