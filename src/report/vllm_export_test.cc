#include "report/vllm_export.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "report/sample_for_tests.h"

namespace tokamark::report {
namespace {

using base::Nanos;
using record::Phase;
using record::RequestRecord;
using record::RequestStatus;

Nanos ms(std::int64_t count) { return Nanos(count * 1'000'000); }

/// Sent at `sent_ms`, first token 20 ms later, then `tokens - 1` more, 10 ms apart.
RequestRecord request(std::int64_t sent_ms, int tokens) {
  RequestRecord r;
  r.phase = Phase::measured;
  r.status = RequestStatus::succeeded;
  r.scheduled = r.sent = ms(sent_ms);
  r.first_token = ms(sent_ms + 20);
  for (int i = 0; i < tokens; ++i) {
    r.chunks.push_back({ms(sent_ms + 20 + 10 * i), Nanos(0), 1, 0});
  }
  r.last_token = r.ended = r.chunks.unpacked().back().time;
  r.input_tokens = 32;
  r.output_tokens = tokens;
  return r;
}

std::vector<RequestRecord> requests() {
  auto failed = request(100, 1);
  failed.status = RequestStatus::failed;
  failed.error = record::RequestError::connection_closed;
  failed.error_message = "closed after \xff byte";
  auto warmup = request(0, 9);
  warmup.phase = Phase::warmup;
  return {warmup, request(1000, 3), request(1010, 5), failed};
}

nlohmann::json exported() {
  const auto result = sample_study();
  return nlohmann::json::parse(export_vllm(result, result.trials[2], requests()));
}

TEST(ExportVllm, HasTheKeysOfVllmBenchServe) {
  // The keys that vllm/benchmarks/serve.py writes with --save-result --save-detailed and the
  // percentile metrics ttft, tpot, itl and e2el.
  const auto json = exported();
  for (const char* key : {"date",
                          "endpoint_type",
                          "backend",
                          "label",
                          "model_id",
                          "tokenizer_id",
                          "num_prompts",
                          "request_rate",
                          "burstiness",
                          "max_concurrency",
                          "duration",
                          "completed",
                          "failed",
                          "total_input_tokens",
                          "total_output_tokens",
                          "request_throughput",
                          "request_goodput",
                          "output_throughput",
                          "total_token_throughput",
                          "input_lens",
                          "output_lens",
                          "ttfts",
                          "itls",
                          "generated_texts",
                          "errors",
                          "max_output_tokens_per_s",
                          "max_concurrent_requests"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  for (const std::string metric : {"ttft", "tpot", "itl", "e2el"}) {
    for (const std::string part : {"mean", "median", "std", "p99"}) {
      EXPECT_TRUE(json.contains(part + "_" + metric + "_ms")) << part << metric;
    }
  }
}

TEST(ExportVllm, CountsMeasuredRequestsOnly) {
  const auto json = exported();
  EXPECT_EQ(json.at("num_prompts"), 3);
  EXPECT_EQ(json.at("completed"), 2);
  EXPECT_EQ(json.at("failed"), 1);
  EXPECT_EQ(json.at("total_input_tokens"), 64);
  EXPECT_EQ(json.at("total_output_tokens"), 8);
  EXPECT_EQ(json.at("max_concurrency"), 8);
  EXPECT_EQ(json.at("request_rate"), "inf");
}

TEST(ExportVllm, ComputesByHandCheckedNumbers) {
  const auto json = exported();
  // First send at 0.100 s (the failed one), last end at 1.010 + 0.020 + 4 x 0.010 = 1.070 s.
  EXPECT_NEAR(json.at("duration").get<double>(), 0.97, 1e-9);
  EXPECT_NEAR(json.at("output_throughput").get<double>(), 8 / 0.97, 1e-9);
  EXPECT_NEAR(json.at("mean_ttft_ms").get<double>(), 20.0, 1e-9);
  EXPECT_NEAR(json.at("std_ttft_ms").get<double>(), 0.0, 1e-9);
  EXPECT_NEAR(json.at("mean_tpot_ms").get<double>(), 10.0, 1e-9);
  EXPECT_NEAR(json.at("median_itl_ms").get<double>(), 10.0, 1e-9);
  // End to end 40 and 60 ms: median 50, population standard deviation 10, p99 40 + 0.99 x 20.
  EXPECT_NEAR(json.at("median_e2el_ms").get<double>(), 50.0, 1e-9);
  EXPECT_NEAR(json.at("std_e2el_ms").get<double>(), 10.0, 1e-9);
  EXPECT_NEAR(json.at("p99_e2el_ms").get<double>(), 59.8, 1e-9);
  EXPECT_EQ(json.at("max_concurrent_requests"), 2);
}

TEST(ExportVllm, KeepsPerRequestListsInStep) {
  const auto json = exported();
  EXPECT_EQ(json.at("ttfts"), nlohmann::json::parse("[0.02, 0.02, 0.0]"));
  EXPECT_EQ(json.at("output_lens"), nlohmann::json::parse("[3, 5, 0]"));
  EXPECT_EQ(json.at("itls").at(0).size(), 2u);
  EXPECT_EQ(json.at("itls").at(2).size(), 0u);
  EXPECT_EQ(json.at("errors").at(0), "");
  EXPECT_EQ(json.at("errors").at(2), "closed after \uFFFD byte");
}

TEST(ExportVllm, AnOpenLoadHasARateAndTheMatchingBurstiness) {
  const auto result = sample_study();
  auto trial = result.trials[0];
  trial.load = {workload::LoadKind::open, 1, 2.5, workload::Arrivals::gamma, 2.0};
  const auto json = nlohmann::json::parse(export_vllm(result, trial, {}));
  EXPECT_EQ(json.at("request_rate"), 2.5);
  EXPECT_EQ(json.at("burstiness"), 0.25);  // 1 / CV^2
  EXPECT_TRUE(json.at("max_concurrency").is_null());
  EXPECT_EQ(json.at("completed"), 0);
  EXPECT_EQ(json.at("mean_ttft_ms"), 0.0);
}

}  // namespace
}  // namespace tokamark::report
