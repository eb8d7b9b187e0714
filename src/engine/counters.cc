#include "engine/counters.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace tokamark::engine {

namespace {

/// One way in which some server states one of our counters; `plus` is added when it is present.
struct Source {
  std::string_view ours;
  std::string_view theirs;
  std::string_view plus;
};

/// The first source that a page holds wins, so newer names come first.
constexpr std::array kSources{
    Source{"prompt_tokens_total", "vllm:prompt_tokens_total", ""},
    Source{"prompt_tokens_total", "sglang:prompt_tokens_total", ""},
    Source{"prompt_tokens_total", "trtllm_prompt_tokens_total", ""},
    // llama.cpp counts the tokens that came from its cache apart.
    Source{"prompt_tokens_total", "llamacpp:prompt_tokens_total",
           "llamacpp:prompt_tokens_cached_total"},
    Source{"generation_tokens_total", "vllm:generation_tokens_total", ""},
    Source{"generation_tokens_total", "sglang:generation_tokens_total", ""},
    Source{"generation_tokens_total", "trtllm_generation_tokens_total", ""},
    Source{"generation_tokens_total", "llamacpp:tokens_predicted_total", ""},
    Source{"cached_tokens_total", "vllm:prompt_tokens_cached_total", ""},
    Source{"cached_tokens_total", "vllm:prefix_cache_hits_total", ""},
    Source{"cached_tokens_total", "vllm:gpu_prefix_cache_hits_total", ""},
    Source{"cached_tokens_total", "sglang:cached_tokens_total", ""},
    Source{"cached_tokens_total", "trtllm_prompt_cached_tokens_total", ""},
    Source{"cached_tokens_total", "llamacpp:prompt_tokens_cached_total", ""},
    Source{"requests_running", "vllm:num_requests_running", ""},
    Source{"requests_running", "sglang:num_running_reqs", ""},
    Source{"requests_running", "trtllm_num_requests_running", ""},
    Source{"requests_running", "llamacpp:requests_processing", ""},
    Source{"requests_waiting", "vllm:num_requests_waiting", ""},
    Source{"requests_waiting", "sglang:num_queue_reqs", ""},
    Source{"requests_waiting", "trtllm_num_requests_waiting", ""},
    Source{"requests_waiting", "llamacpp:requests_deferred", ""},
    Source{"preemptions_total", "vllm:num_preemptions_total", ""},
    Source{"preemptions_total", "sglang:num_retracted_requests_total", ""},
    Source{"kv_cache_usage_ratio", "vllm:kv_cache_usage_perc", ""},
    Source{"kv_cache_usage_ratio", "vllm:gpu_cache_usage_perc", ""},
    Source{"kv_cache_usage_ratio", "sglang:token_usage", ""},
    Source{"kv_cache_usage_ratio", "trtllm_kv_cache_utilization", ""},
    Source{"prefix_queries_total", "vllm:prefix_cache_queries_total", ""},
    Source{"prefix_queries_total", "vllm:gpu_prefix_cache_queries_total", ""},
    Source{"prefix_queries_total", "sglang:prompt_tokens_total", ""},
    Source{"prefix_queries_total", "trtllm_prompt_tokens_total", ""},
    Source{"prefix_queries_total", "llamacpp:prompt_tokens_total",
           "llamacpp:prompt_tokens_cached_total"},
    Source{"prefix_hits_total", "vllm:prefix_cache_hits_total", ""},
    Source{"prefix_hits_total", "vllm:gpu_prefix_cache_hits_total", ""},
    Source{"prefix_hits_total", "sglang:cached_tokens_total", ""},
    Source{"prefix_hits_total", "trtllm_prompt_cached_tokens_total", ""},
    Source{"prefix_hits_total", "llamacpp:prompt_tokens_cached_total", ""},
    Source{"spec_drafts_total", "vllm:spec_decode_num_drafts_total", ""},
    Source{"spec_drafts_total", "llamacpp:spec_decode_num_drafts_total", ""},
    Source{"spec_draft_tokens_total", "vllm:spec_decode_num_draft_tokens_total", ""},
    Source{"spec_draft_tokens_total", "trtllm_spec_decode_num_draft_tokens_total", ""},
    Source{"spec_draft_tokens_total", "llamacpp:spec_decode_num_draft_tokens_total", ""},
    Source{"spec_accepted_tokens_total", "vllm:spec_decode_num_accepted_tokens_total", ""},
    Source{"spec_accepted_tokens_total", "trtllm_spec_decode_num_accepted_tokens_total", ""},
    Source{"spec_accepted_tokens_total", "llamacpp:spec_decode_num_accepted_tokens_total", ""},
    // Where drafts are not counted, the server's own figure.
    Source{"spec_acceptance_length", "sglang:spec_accept_length", ""},
    Source{"spec_acceptance_length", "trtllm_spec_decode_acceptance_length", ""},
};

struct HistogramSource {
  std::string_view ours;
  std::string_view theirs;
};

/// As above. SGLang's old time_per_output_token_seconds is the latency of a whole request over its
/// tokens, which is no name of ours.
constexpr std::array kHistograms{
    HistogramSource{"ttft", "vllm:time_to_first_token_seconds"},
    HistogramSource{"ttft", "sglang:time_to_first_token_seconds"},
    HistogramSource{"ttft", "trtllm_time_to_first_token_seconds"},
    HistogramSource{"ttft", "time_to_first_token_seconds"},
    HistogramSource{"itl", "vllm:inter_token_latency_seconds"},
    HistogramSource{"itl", "vllm:time_per_output_token_seconds"},
    HistogramSource{"itl", "sglang:inter_token_latency_seconds"},
    HistogramSource{"tpot", "vllm:request_time_per_output_token_seconds"},
    HistogramSource{"tpot", "trtllm_time_per_output_token_seconds"},
    HistogramSource{"tpot", "time_per_output_token_seconds"},
    HistogramSource{"e2e", "vllm:e2e_request_latency_seconds"},
    HistogramSource{"e2e", "sglang:e2e_request_latency_seconds"},
    HistogramSource{"e2e", "trtllm_e2e_request_latency_seconds"},
    HistogramSource{"e2e", "e2e_request_latency_seconds"},
    HistogramSource{"queue", "vllm:request_queue_time_seconds"},
    HistogramSource{"queue", "sglang:queue_time_seconds"},
    HistogramSource{"queue", "trtllm_request_queue_time_seconds"},
    HistogramSource{"queue", "request_queue_time_seconds"},
};

/// How the names of a server's metrics begin. TensorRT-LLM 1.0 and 1.1 have no prefix.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kFamilies{{
    {"vllm:", "vllm"},
    {"sglang:", "sglang"},
    {"trtllm_", "tensorrt-llm"},
    {"llamacpp:", "llama.cpp"},
    {"time_to_first_token_seconds", "tensorrt-llm"},
}};

bool begins_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

std::optional<double> bound_of(const MetricSample& sample) {
  const auto label = sample.labels.find("le");
  if (label == sample.labels.end()) return std::nullopt;
  const std::string& text = label->second;
  if (text == "+Inf" || text == "Inf") return std::numeric_limits<double>::infinity();
  double bound = 0.0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), bound);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return bound;
}

/// Empty unless the page has the sum, the count and at least one bucket, all of them finite.
std::optional<HistogramSnapshot> histogram(const MetricsPage& page, std::string_view name) {
  const std::string base(name);
  const auto sum = page.sum(base + "_sum");
  const auto count = page.sum(base + "_count");
  if (!sum || !count || !std::isfinite(*sum) || !std::isfinite(*count)) return std::nullopt;
  HistogramSnapshot found{{}, *sum, *count};
  const std::string bucket = base + "_bucket";
  for (const MetricSample& sample : page.samples) {
    if (sample.name != bucket) continue;
    const auto bound = bound_of(sample);
    if (!bound || std::isnan(*bound) || !std::isfinite(sample.value)) return std::nullopt;
    double& total = found.cumulative[*bound];
    total += sample.value;
    if (!std::isfinite(total)) return std::nullopt;
  }
  return found.cumulative.empty() ? std::nullopt : std::optional(std::move(found));
}

template <typename Sources>
std::vector<std::string_view> names_of(const Sources& sources) {
  std::vector<std::string_view> names;
  for (const auto& source : sources) {
    if (std::find(names.begin(), names.end(), source.ours) == names.end()) {
      names.push_back(source.ours);
    }
  }
  return names;
}

}  // namespace

CounterSnapshot named_counters(const MetricsPage& page) {
  CounterSnapshot found;
  for (const Source& source : kSources) {
    const std::string ours(source.ours);
    if (found.count(ours) > 0) continue;
    // Several engine cores add up, except for a ratio and a length.
    const bool mean = ours == "kv_cache_usage_ratio" || ours == "spec_acceptance_length";
    const auto value = mean ? page.mean(source.theirs) : page.sum(source.theirs);
    if (!value) continue;
    found[ours] = *value + (source.plus.empty() ? 0.0 : page.sum(source.plus).value_or(0.0));
  }
  return found;
}

ServerMetrics named_metrics(const MetricsPage& page) {
  ServerMetrics metrics;
  for (const auto& [prefix, family] : kFamilies) {
    const auto of_family = [start = prefix](const MetricSample& sample) {
      return begins_with(sample.name, start);
    };
    if (std::none_of(page.samples.begin(), page.samples.end(), of_family)) continue;
    metrics.family = family;
    break;
  }
  metrics.counters = named_counters(page);
  for (const HistogramSource& source : kHistograms) {
    const std::string ours(source.ours);
    if (metrics.histograms.count(ours) > 0) continue;
    if (auto found = histogram(page, source.theirs)) metrics.histograms[ours] = std::move(*found);
  }
  return metrics;
}

std::vector<std::string_view> counter_names() { return names_of(kSources); }
std::vector<std::string_view> histogram_names() { return names_of(kHistograms); }

}  // namespace tokamark::engine
