#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/files.h"
#include "record/json_text.h"
#include "record/result.h"

namespace tokamark::record {
namespace {

TrialResult full_trial() {
  TrialResult t;
  t.id = "r2-vllm-chat-c8";
  t.engine = "vllm";
  t.workload = "chat";
  t.load.concurrency = 8;
  t.repeat = 2;
  t.verdict = Verdict::invalid;
  t.codes = {{"client_late", "p99 lateness 3.1 ms", "Give the client its own cores."}};
  t.window_start_s = 5.25;
  t.window_end_s = 65.25;
  t.schedule_sha256 = "abc";
  t.counts = {240, 239, 230, 6, 3, 7680, 7360, 0};
  t.metrics.ttft_ms = {240,  12.5,         11.0,      14.0,
                       15.1, std::nullopt, 0.1 + 0.2, {{"p99", "needs 1000 samples, has 240"}}};
  t.metrics.output_tokens_per_s = 122.66666666666667;
  t.metrics.reasons = {{"goodput_requests_per_s", "no SLO was stated"}};
  t.resources.rss_peak_bytes = 3'000'000'000;
  t.resources.reasons = {{"vram_peak_bytes", "no GPU"}};
  t.resources.vram_peak_kind = "reservation";
  t.resources.gpu_energy_per_output_token_j = 0.5;
  t.resources.host_memory_peak_bytes = 77;
  t.server.scrapes = 61;
  t.server.scrapes_failed = 1;
  t.server.scrape_error = "did not answer within 5000 ms";
  t.server.requests_running_mean = 7.5;
  t.server.reasons = {{"preemptions", "the server's metrics page does not have it"}};
  t.server.server_ttft_ms = {
      240, 11.5, 10.0, std::nullopt, {{8.0, 16.0}}, std::nullopt, {{"p99", "few"}}};
  t.client.lateness_ms = {0.05, 0.2, 3.1};
  t.client.late_share = 0.0;
  t.client.cpu_s = 1.5;
  t.client.run_delay_s = 0.5;
  t.client.context_switches_involuntary = 7;
  t.client.scheduling = "normal";
  t.client.receive = "io_uring";
  t.client.cpus = {2, 3};
  t.engine_info = {{"version", "0.11.0"}};
  t.speed_of_light = {{"tpot_fraction", 0.25}, {"bound", "memory"}};
  return t;
}

TEST(ResultJson, UsesTheNamesThatOtherProgramsRelyOn) {
  StudyResult result;
  result.simulated = true;
  result.study = {{"name", "s"}};
  result.manifest = {{"started_utc", "2026-01-02T03:04:05Z"}};
  result.trials = {full_trial()};
  const auto json = to_json(result);
  EXPECT_EQ(json.at("schema"), kResultSchema);
  EXPECT_EQ(json.at("methodology_version"), kMethodologyVersion);
  EXPECT_EQ(json.at("simulated"), true);
  const auto& t = json.at("trials").at(0);
  EXPECT_EQ(t.at("load"), nlohmann::json::parse(R"({"kind":"closed","concurrency":8})"));
  EXPECT_EQ(t.at("verdict"), "invalid");
  EXPECT_EQ(t.at("codes").at(0).at("code"), "client_late");
  EXPECT_EQ(t.at("window"), nlohmann::json::parse(R"({"start_s":5.25,"end_s":65.25})"));
  EXPECT_EQ(t.at("counts").at("timed_out"), 3);
  EXPECT_EQ(t.at("counts").at("cached_tokens"), 0);
  EXPECT_EQ(t.at("metrics").at("ttft_ms").at("p95"), 15.1);
  for (const char* name : {"ttft_ms", "ttft_wire_ms", "tpot_ms", "itl_ms", "e2e_ms"}) {
    for (const char* part : {"n", "mean", "p50", "p90", "p95", "p99", "max"}) {
      EXPECT_TRUE(t.at("metrics").at(name).contains(part)) << name << "." << part;
    }
  }
  EXPECT_EQ(t.at("resources").at("rss_peak_bytes"), 3'000'000'000);
  EXPECT_EQ(t.at("server").at("server_ttft_ms").at("mean"), 11.5);
  EXPECT_EQ(t.at("server").at("server_ttft_ms").at("p50_bucket"), (std::vector{8.0, 16.0}));
  EXPECT_TRUE(t.at("server").at("preemptions").is_null());
  EXPECT_EQ(t.at("client").at("lateness_ms").at("p99"), 0.2);
}

TEST(ResultJson, PutsTheReasonBesideANullPercentile) {
  const auto json = to_json(full_trial());
  const auto& ttft = json.at("metrics").at("ttft_ms");
  EXPECT_TRUE(ttft.at("p99").is_null());
  EXPECT_EQ(ttft.at("reasons").at("p99"), "needs 1000 samples, has 240");
  EXPECT_EQ(json.at("resources").at("reasons").at("vram_peak_bytes"), "no GPU");
}

TEST(ResultJson, GivesEveryFieldBackExactly) {
  StudyResult result;
  auto open = full_trial();
  open.load = {workload::LoadKind::open, 1, 2.5, workload::Arrivals::gamma, 0.7};
  open.verdict = Verdict::valid;
  result.trials = {full_trial(), open, TrialResult{}};
  result.study = {{"nested", {1, 2.5, nullptr}}};
  const auto text = to_text(result);
  const auto back = study_result_from_text(text);
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ(to_text(back.value()), text);
  const auto& t = back.value().trials[1];
  EXPECT_EQ(t.load.kind, workload::LoadKind::open);
  EXPECT_EQ(t.load.arrivals, workload::Arrivals::gamma);
  EXPECT_EQ(t.load.gamma_cv, 0.7);
  EXPECT_EQ(t.metrics.ttft_ms.max, 0.1 + 0.2);
  EXPECT_EQ(t.metrics.ttft_ms.p99, std::nullopt);
  EXPECT_EQ(t.metrics.ttft_ms.reasons, full_trial().metrics.ttft_ms.reasons);
  EXPECT_EQ(t.counts.output_tokens, 7360);
  EXPECT_EQ(t.client.kernel_stamp_share, std::nullopt);
  EXPECT_EQ(t.client.run_delay_s, 0.5);
  EXPECT_EQ(t.client.context_switches_involuntary, 7);
  EXPECT_EQ(t.client.scheduling, "normal");
  EXPECT_EQ(t.client.receive, "io_uring");
  EXPECT_TRUE(t.client.pinning.empty());
  EXPECT_EQ(t.client.cpus, (std::vector<int>{2, 3}));
  EXPECT_EQ(t.codes[0].advice, "Give the client its own cores.");
}

TEST(ResultJson, NeverWritesANumberThatIsNotFinite) {
  auto trial = full_trial();
  trial.metrics.ttft_ms.p50 = std::numeric_limits<double>::infinity();
  trial.metrics.output_tokens_per_s = std::nan("");
  trial.client.lateness_ms.max = std::nan("");
  trial.server.server_itl_ms.p50_bucket = {1.0, std::numeric_limits<double>::infinity()};
  trial.engine_info["rate"] = std::nan("");
  const auto json = nlohmann::json::parse(to_json(trial).dump());
  EXPECT_TRUE(json.at("metrics").at("ttft_ms").at("p50").is_null());
  EXPECT_EQ(json.at("metrics").at("ttft_ms").at("reasons").at("p50"), "not a finite number");
  EXPECT_EQ(json.at("metrics").at("reasons").at("output_tokens_per_s"), "not a finite number");
  EXPECT_TRUE(json.at("engine_info").at("rate").is_null());
  EXPECT_TRUE(json.at("server").at("server_itl_ms").at("p50_bucket").is_null());
}

TEST(ResultJson, HostileTextStaysValidUtf8) {
  StudyResult result;
  auto trial = full_trial();
  trial.engine = "a\xff</script>";
  trial.codes[0].evidence = "\xc3\x28";
  trial.engine_info = {{"log\xfe", "tail \xed\xa0\x80"}};
  result.trials = {trial};
  result.manifest = {{"host", "\x80"}};
  const auto back = study_result_from_text(to_text(result));
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ(back.value().trials[0].engine, "a\uFFFD</script>");
}

TEST(ResultJson, AnErrorNamesTheField) {
  auto json = to_json(full_trial());
  json["metrics"]["ttft_ms"]["p50"] = "fast";
  EXPECT_EQ(trial_from_json(json).error().message,
            "trial.metrics.ttft_ms.p50 must be a number or null");
  json = to_json(full_trial());
  json.erase("counts");
  EXPECT_EQ(trial_from_json(json).error().message, "trial.counts must be an object");
  json = to_json(full_trial());
  json["codes"][0].erase("advice");
  EXPECT_EQ(trial_from_json(json).error().message, "trial.codes[0].advice must be a string");
  json = to_json(full_trial());
  json["verdict"] = "good";
  EXPECT_EQ(trial_from_json(json).error().message,
            "trial.verdict must be valid, invalid or incomplete");
  json = to_json(full_trial());
  json["repeat"] = -1;
  EXPECT_EQ(trial_from_json(json).error().message, "trial.repeat must be an integer in range");
}

TEST(ResultJson, AnErrorIsOneLine) {
  auto json = to_json(full_trial());
  json["metrics"]["reasons"] = {{"a\nb", 3}};
  EXPECT_EQ(trial_from_json(json).error().message, "trial.metrics.reasons.a b must be a string");
}

TEST(ResultJson, RefusesTextThatNestsTooDeep) {
  const auto back = study_result_from_text(std::string(500'000, '[') + std::string(500'000, ']'));
  ASSERT_FALSE(back.has_value());
  EXPECT_EQ(back.error().message, "not a result: more than 200 lists in one another");
}

TEST(ResultJson, RefusesAnotherSchemaVersion) {
  auto json = to_json(StudyResult{});
  json["schema"] = kResultSchema + 1;
  const auto back = study_result_from_json(json);
  ASSERT_FALSE(back.has_value());
  EXPECT_NE(back.error().message.find("reads version 1"), std::string::npos);
}

TEST(ResultFile, NamesThePathWhenItCannotBeRead) {
  const auto path = std::filesystem::path(testing::TempDir()) / "results_cut.json";
  ASSERT_TRUE(write_result_file(path, StudyResult{}).has_value());
  EXPECT_TRUE(read_result_file(path).has_value());
  ASSERT_TRUE(base::write_file_atomic(path, "{\"schema\": 1,").has_value());
  const auto back = read_result_file(path);
  ASSERT_FALSE(back.has_value());
  EXPECT_NE(back.error().message.find("results_cut.json: not JSON"), std::string::npos);
}

TEST(TrialFile, RoundTrips) {
  const auto path = std::filesystem::path(testing::TempDir()) / "summary.json";
  ASSERT_TRUE(write_trial_file(path, full_trial()).has_value());
  EXPECT_EQ(to_json(read_trial_file(path).value()), to_json(full_trial()));
}

}  // namespace
}  // namespace tokamark::record
