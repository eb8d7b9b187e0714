#include "engine/counters.h"

#include <gtest/gtest.h>

#include <limits>

namespace tokamark::engine {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

MetricsPage page_of(const char* text) {
  auto page = parse_prometheus(text);
  EXPECT_TRUE(page.has_value());
  return page.has_value() ? std::move(page.value()) : MetricsPage{};
}

TEST(Counters, MapsVllmNames) {
  const auto page = parse_prometheus(
                        "vllm:num_requests_running{engine=\"0\",model_name=\"m\"} 3.0\n"
                        "vllm:num_requests_running{engine=\"1\",model_name=\"m\"} 4.0\n"
                        "vllm:num_requests_waiting{engine=\"0\"} 2.0\n"
                        "vllm:kv_cache_usage_perc{engine=\"0\"} 0.2\n"
                        "vllm:kv_cache_usage_perc{engine=\"1\"} 0.4\n"
                        "vllm:prompt_tokens_total{engine=\"0\"} 33.0\n"
                        "vllm:generation_tokens_total{engine=\"0\"} 8.0\n"
                        "vllm:prefix_cache_hits_total{engine=\"0\"} 16.0\n"
                        "vllm:num_preemptions_total{engine=\"0\"} 1.0\n")
                        .value();
  const CounterSnapshot found = named_counters(page);
  EXPECT_EQ(found.size(), 8U);
  EXPECT_DOUBLE_EQ(found.at("requests_running"), 7.0);
  EXPECT_DOUBLE_EQ(found.at("requests_waiting"), 2.0);
  EXPECT_NEAR(found.at("kv_cache_usage_ratio"), 0.3, 1e-12) << "a ratio is not summed";
  EXPECT_DOUBLE_EQ(found.at("prompt_tokens_total"), 33.0);
  EXPECT_DOUBLE_EQ(found.at("generation_tokens_total"), 8.0);
  EXPECT_DOUBLE_EQ(found.at("cached_tokens_total"), 16.0);
  EXPECT_DOUBLE_EQ(found.at("prefix_hits_total"), 16.0);
  EXPECT_DOUBLE_EQ(found.at("preemptions_total"), 1.0);
}

TEST(Counters, AddLlamaCppsCachedTokensToItsPromptTokensAndLeaveOutWhatItLacks) {
  const auto page = parse_prometheus(
                        "llamacpp:prompt_tokens_total 30\nllamacpp:prompt_tokens_cached_total 12\n"
                        "llamacpp:tokens_predicted_total 8\nllamacpp:requests_processing 1\n"
                        "llamacpp:requests_deferred 0\n")
                        .value();
  const CounterSnapshot found = named_counters(page);
  EXPECT_DOUBLE_EQ(found.at("prompt_tokens_total"), 42.0);
  EXPECT_DOUBLE_EQ(found.at("cached_tokens_total"), 12.0);
  EXPECT_EQ(found.count("kv_cache_usage_ratio"), 0U);
  EXPECT_EQ(found.count("preemptions_total"), 0U);
}

// Captured from llama-server b11434 without its comments.
constexpr const char* kLlamaPage =
    "llamacpp:prompt_tokens_total 3504\nllamacpp:prompt_tokens_cached_total 0\n"
    "llamacpp:prompt_seconds_total 17.8283\nllamacpp:tokens_predicted_total 5782\n"
    "llamacpp:tokens_predicted_seconds_total 313.671\nllamacpp:n_decode_total 1944\n"
    "llamacpp:n_tokens_max 1151\nllamacpp:spec_decode_num_draft_tokens_total 0\n"
    "llamacpp:spec_decode_num_accepted_tokens_total 0\n"
    "llamacpp:spec_decode_num_drafts_total 0\nllamacpp:prompt_tokens_seconds 196.542\n"
    "llamacpp:predicted_tokens_seconds 18.2676\nllamacpp:requests_processing 0\n"
    "llamacpp:requests_deferred 0\nllamacpp:n_busy_slots_per_decode 2.97428\n";

TEST(ServerMetrics, OfLlamaCppHaveDraftsButNoHistogramAndNoCacheUsage) {
  const ServerMetrics found = named_metrics(page_of(kLlamaPage));
  EXPECT_EQ(found.family, "llama.cpp");
  EXPECT_DOUBLE_EQ(found.counters.at("generation_tokens_total"), 5782);
  EXPECT_DOUBLE_EQ(found.counters.at("prefix_queries_total"), 3504);
  EXPECT_DOUBLE_EQ(found.counters.at("prefix_hits_total"), 0);
  EXPECT_DOUBLE_EQ(found.counters.at("spec_drafts_total"), 0);
  EXPECT_DOUBLE_EQ(found.counters.at("spec_accepted_tokens_total"), 0);
  EXPECT_EQ(found.counters.count("kv_cache_usage_ratio"), 0U);
  EXPECT_TRUE(found.histograms.empty());
}

// Assembled after vLLM's sources: two engine cores, the old name of the gap, and drafts.
constexpr const char* kVllmPage =
    "vllm:num_requests_running{engine=\"0\",model_name=\"smollm2\"} 0.0\n"
    "vllm:num_requests_waiting_by_reason{engine=\"0\",reason=\"capacity\"} 0.0\n"
    "vllm:kv_cache_usage_perc{engine=\"0\",model_name=\"smollm2\"} 0.0\n"
    "vllm:prefix_cache_queries_total{engine=\"0\",model_name=\"smollm2\"} 47.0\n"
    "vllm:prefix_cache_queries_created{engine=\"0\",model_name=\"smollm2\"} 1.79e+09\n"
    "vllm:prefix_cache_hits_total{engine=\"0\",model_name=\"smollm2\"} 0.0\n"
    "vllm:spec_decode_num_drafts_total{engine=\"0\"} 10.0\n"
    "vllm:spec_decode_num_draft_tokens_total{engine=\"0\"} 30.0\n"
    "vllm:spec_decode_num_accepted_tokens_total{engine=\"0\"} 18.0\n"
    "vllm:time_to_first_token_seconds_bucket{engine=\"0\",le=\"0.1\"} 1.0\n"
    "vllm:time_to_first_token_seconds_bucket{engine=\"0\",le=\"+Inf\"} 3.0\n"
    "vllm:time_to_first_token_seconds_count{engine=\"0\"} 3.0\n"
    "vllm:time_to_first_token_seconds_sum{engine=\"0\"} 0.75\n"
    "vllm:time_to_first_token_seconds_bucket{engine=\"1\",le=\"0.1\"} 2.0\n"
    "vllm:time_to_first_token_seconds_bucket{engine=\"1\",le=\"+Inf\"} 2.0\n"
    "vllm:time_to_first_token_seconds_count{engine=\"1\"} 2.0\n"
    "vllm:time_to_first_token_seconds_sum{engine=\"1\"} 0.125\n"
    "vllm:time_per_output_token_seconds_bucket{engine=\"0\",le=\"+Inf\"} 7.0\n"
    "vllm:time_per_output_token_seconds_count{engine=\"0\"} 7.0\n"
    "vllm:time_per_output_token_seconds_sum{engine=\"0\"} 0.5\n";

TEST(ServerMetrics, OfVllmAddUpItsEnginesHistogramsAndTakeTheOldNameOfTheGapBetweenTokens) {
  const ServerMetrics found = named_metrics(page_of(kVllmPage));
  EXPECT_EQ(found.family, "vllm");
  EXPECT_DOUBLE_EQ(found.counters.at("prefix_queries_total"), 47);
  EXPECT_DOUBLE_EQ(found.counters.at("spec_drafts_total"), 10);
  EXPECT_DOUBLE_EQ(found.counters.at("spec_draft_tokens_total"), 30);
  EXPECT_DOUBLE_EQ(found.counters.at("spec_accepted_tokens_total"), 18);
  EXPECT_EQ(found.counters.count("requests_waiting"), 0U) << "another metric's name begins so";
  const HistogramSnapshot& ttft = found.histograms.at("ttft");
  EXPECT_EQ(ttft.cumulative, (std::map<double, double>{{0.1, 3.0}, {kInfinity, 5.0}}));
  EXPECT_DOUBLE_EQ(ttft.sum_s, 0.875);
  EXPECT_DOUBLE_EQ(ttft.count, 5);
  EXPECT_DOUBLE_EQ(found.histograms.at("itl").count, 7);
  EXPECT_EQ(found.histograms.count("tpot"), 0U);
}

// Captured from vLLM 0.32 on a CPU, between two requests of a load of four; buckets below 1 s and
// between 10 and 2560 s are left out.
constexpr const char* kRealVllmPage =
    R"(vllm:num_requests_running{engine="0",model_name="smollm2"} 4.0
vllm:num_requests_waiting{engine="0",model_name="smollm2"} 0.0
vllm:kv_cache_usage_perc{engine="0",model_name="smollm2"} 0.011019283746556474
vllm:prefix_cache_queries_total{engine="0",model_name="smollm2"} 0.0
vllm:time_to_first_token_seconds_bucket{engine="0",le="1.0",model_name="smollm2"} 0.0
vllm:time_to_first_token_seconds_bucket{engine="0",le="2.5",model_name="smollm2"} 3.0
vllm:time_to_first_token_seconds_bucket{engine="0",le="5.0",model_name="smollm2"} 4.0
vllm:time_to_first_token_seconds_bucket{engine="0",le="7.5",model_name="smollm2"} 10.0
vllm:time_to_first_token_seconds_bucket{engine="0",le="10.0",model_name="smollm2"} 10.0
vllm:time_to_first_token_seconds_bucket{engine="0",le="2560.0",model_name="smollm2"} 10.0
vllm:time_to_first_token_seconds_bucket{engine="0",le="+Inf",model_name="smollm2"} 10.0
vllm:time_to_first_token_seconds_count{engine="0",model_name="smollm2"} 10.0
vllm:time_to_first_token_seconds_sum{engine="0",model_name="smollm2"} 49.148945808410645
vllm:request_time_per_output_token_seconds_count{engine="0",model_name="smollm2"} 6.0
vllm:request_time_per_output_token_seconds_sum{engine="0",model_name="smollm2"} 1.3839767988665528
vllm:request_time_per_output_token_seconds_bucket{engine="0",le="+Inf",model_name="smollm2"} 6.0
)";

TEST(ServerMetrics, OfARealVllmAreRead) {
  const ServerMetrics found = named_metrics(page_of(kRealVllmPage));
  EXPECT_EQ(found.family, "vllm");
  EXPECT_DOUBLE_EQ(found.counters.at("requests_running"), 4);
  EXPECT_DOUBLE_EQ(found.counters.at("requests_waiting"), 0);
  EXPECT_DOUBLE_EQ(found.counters.at("kv_cache_usage_ratio"), 0.011019283746556474);
  const HistogramSnapshot& ttft = found.histograms.at("ttft");
  EXPECT_EQ(ttft.cumulative,
            (std::map<double, double>{
                {1, 0}, {2.5, 3}, {5, 4}, {7.5, 10}, {10, 10}, {2560, 10}, {kInfinity, 10}}));
  EXPECT_DOUBLE_EQ(ttft.count, 10);
  EXPECT_DOUBLE_EQ(ttft.sum_s, 49.148945808410645);
  EXPECT_DOUBLE_EQ(found.histograms.at("tpot").count, 6);
}

TEST(ServerMetrics, NewNamesWinAndEachServerHasItsOwnMeaningOfTimePerOutputToken) {
  const auto histogram = [](const std::string& name, int count) {
    const std::string n = std::to_string(count);
    return name + "_bucket{le=\"1.0\"} " + n + "\n" + name + "_count " + n + "\n" + name +
           "_sum 1\n";
  };
  const auto counts = [&](const std::string& text) {
    std::map<std::string, double> found;
    for (const auto& [name, one] : named_metrics(page_of(text.c_str())).histograms) {
      found[name] = one.count;
    }
    return found;
  };
  using Counts = std::map<std::string, double>;
  EXPECT_EQ(counts(histogram("vllm:time_per_output_token_seconds", 1) +
                   histogram("vllm:inter_token_latency_seconds", 2) +
                   histogram("vllm:request_time_per_output_token_seconds", 3) +
                   histogram("vllm:request_queue_time_seconds", 4)),
            (Counts{{"itl", 2}, {"tpot", 3}, {"queue", 4}}));
  // One a request, in both of its namings.
  EXPECT_EQ(counts(histogram("trtllm_time_per_output_token_seconds", 1)), (Counts{{"tpot", 1}}));
  EXPECT_EQ(counts(histogram("time_per_output_token_seconds", 1) +
                   histogram("e2e_request_latency_seconds", 2) +
                   histogram("time_to_first_token_seconds", 3)),
            (Counts{{"tpot", 1}, {"e2e", 2}, {"ttft", 3}}));
  // A request's whole latency over its tokens: none of ours.
  EXPECT_EQ(counts(histogram("sglang:time_per_output_token_seconds", 1) +
                   histogram("sglang:queue_time_seconds", 2)),
            (Counts{{"queue", 2}}));
}

TEST(ServerMetrics, AHistogramThatIsNotWholeIsLeftOut) {
  const std::string sum_count =
      "vllm:e2e_request_latency_seconds_sum 1\n"
      "vllm:e2e_request_latency_seconds_count 1\n";
  const std::string bucket = "vllm:e2e_request_latency_seconds_bucket";
  for (const std::string& text :
       {sum_count, bucket + "{le=\"+Inf\"} 1\n", sum_count + bucket + "{le=\"x\"} 1\n",
        sum_count + bucket + " 1\n", sum_count + bucket + "{le=\"1\"} NaN\n"}) {
    EXPECT_TRUE(named_metrics(page_of(text.c_str())).histograms.empty()) << text;
  }
}

TEST(ServerMetrics, OfAnUnknownServerHaveNoFamily) {
  const ServerMetrics found = named_metrics(page_of("http_requests_total 5\n"));
  EXPECT_TRUE(found.family.empty());
  EXPECT_TRUE(found.counters.empty());
}

TEST(ServerMetrics, EveryNameIsListedOnce) {
  EXPECT_EQ(counter_names().size(), 13U);
  EXPECT_EQ(histogram_names().size(), 5U);
}

}  // namespace
}  // namespace tokamark::engine
