#include "engine/counters.h"

#include <array>
#include <string_view>

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
};

}  // namespace

CounterSnapshot named_counters(const MetricsPage& page) {
  CounterSnapshot found;
  for (const Source& source : kSources) {
    const std::string ours(source.ours);
    if (found.count(ours) > 0) continue;
    // Several engine cores add up, except for a ratio.
    const bool ratio = source.ours == "kv_cache_usage_ratio";
    const auto value = ratio ? page.mean(source.theirs) : page.sum(source.theirs);
    if (!value) continue;
    found[ours] = *value + (source.plus.empty() ? 0.0 : page.sum(source.plus).value_or(0.0));
  }
  return found;
}

}  // namespace tokamark::engine
