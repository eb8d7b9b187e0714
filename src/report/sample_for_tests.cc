#include "report/sample_for_tests.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/files.h"

namespace tokamark::report {

record::TrialResult sample_trial(const std::string& engine, std::uint32_t c, std::uint32_t repeat,
                                 double ttft_ms) {
  record::TrialResult t;
  t.id = fmt::format("r{}-{}-chat-c{}", repeat, engine, c);
  t.engine = engine;
  t.workload = "chat";
  t.load.concurrency = c;
  t.repeat = repeat;
  t.verdict = record::Verdict::valid;
  t.window_start_s = 5;
  t.window_end_s = 65;
  t.counts = {240, 240, 240, 0, 0, 7680, 7680, 0};
  const std::map<std::string, std::string> few{{"p99", "needs 1000 samples, has 240"}};
  t.metrics.ttft_ms = {240,           ttft_ms,      ttft_ms,     1.25 * ttft_ms,
                       1.5 * ttft_ms, std::nullopt, 2 * ttft_ms, few};
  t.metrics.ttft_wire_ms = t.metrics.ttft_ms;
  t.metrics.tpot_ms = {240, 10, 10, 11, 12, std::nullopt, 15, few};
  t.metrics.itl_ms = {7440, 10, 10, 11, 12, 14, 20, {}};
  t.metrics.e2e_ms = {240, 400, 330, 350, 360, std::nullopt, 500, few};
  t.metrics.output_tokens_per_s = 100.0 * c;
  t.metrics.requests_per_s = 3.125 * c;
  t.metrics.reasons = {{"goodput_requests_per_s", "the study states no SLO"}};
  t.resources.rss_peak_bytes = std::int64_t{3} << 30;
  t.resources.reasons = {{"vram_peak_bytes", "no GPU"}};
  t.client.lateness_ms = {0.05, 0.2, 0.9};
  t.client.receive_delay_ms = {0.01, 0.1, 0.4};
  t.client.cpu_share = 0.05;
  t.engine_info = {{"version", "1.2.3"}};
  return t;
}

record::StudyResult sample_study() {
  record::StudyResult result;
  result.simulated = true;
  result.study = {{"name", "sample"},
                  {"model", {{"name", "made-up"}}},
                  {"engines", {{{"name", "b"}}, {{"name", "a"}}}}};
  result.manifest = {{"started_utc", "2026-01-02T03:04:05Z"}};
  result.trials = {sample_trial("a", 1, 1, 20), sample_trial("b", 1, 1, 30),
                   sample_trial("a", 8, 1, 40), sample_trial("b", 8, 1, 60)};
  auto& bad = result.trials.back();
  bad.verdict = record::Verdict::invalid;
  bad.codes = {{"errors", "12 of 240 requests failed (5.0 %), limit 1 %",
                "Read the errors in requests.jsonl.zst, and lower the load."}};
  bad.counts.succeeded = 228;
  bad.counts.failed = 10;
  bad.counts.timed_out = 2;
  return result;
}

record::StudyResult compared_study() {
  record::StudyResult result;
  result.study = {{"name", "compared"}, {"engines", {{{"name", "a"}}, {{"name", "b"}}}}};
  for (std::uint32_t repeat = 1; repeat <= 9; ++repeat) {
    result.trials.push_back(sample_trial("a", 8, repeat, 20));
    result.trials.push_back(sample_trial("b", 8, repeat, 25));
  }
  const auto pair = [&result](const char* metric, double ratio, double half, const char* verdict) {
    result.comparisons.push_back({{"metric", metric},
                                  {"workload", "chat"},
                                  {"load", {{"kind", "closed"}, {"concurrency", 8}}},
                                  {"a", "a"},
                                  {"b", "b"},
                                  {"primary", std::string(metric) != "ttft_p99_ms"},
                                  {"R", 9},
                                  {"ratio", ratio},
                                  {"low", ratio - half},
                                  {"high", ratio + half},
                                  {"resolution", half},
                                  {"verdict", verdict},
                                  {"better", nullptr},
                                  {"reason", nullptr},
                                  {"caveats", nlohmann::json::array()}});
  };
  pair("ttft_p50_ms", 0.8, 0.05, "different");
  result.comparisons.back()["better"] = "a";
  pair("tpot_p50_ms", 1.0, 0.005, "equivalent");
  pair("output_tokens_per_s", 1.02, 0.045, "not_resolved");
  result.comparisons.back()["reason"] = "not resolved at +-4.5 %";
  pair("ttft_p99_ms", 0.9, 0.2, "not_resolved");
  result.comparisons.back()["reason"] = "not resolved at +-20.0 %";
  result.recommendations = {{{"text", "For chat at c=8 take a where TTFT p50 counts."},
                             {"rule", "winner"},
                             {"rests_on", {"comparisons: ttft_p50_ms chat c=8 a/b"}}}};
  return result;
}

record::StudyResult hostile_study() {
  auto result = sample_study();
  result.study["name"] = "</title><script>alert(1)</script>";
  result.study["model"]["name"] = "\"><img src=x onerror=alert(2)>";
  result.study["engines"] = nlohmann::json::array();
  result.manifest["note"] = "</pre><script>alert(3)</script>";
  const std::vector<std::string> names{"</script><script>alert(4)</script>",
                                       "\x1b[31m|`@team` [x](http://evil.example) \u202e\u2028"};
  for (std::size_t i = 0; i < result.trials.size(); ++i) {
    auto& trial = result.trials[i];
    trial.engine = names[i % 2];
    trial.workload = "<b>work\nload</b>";
    trial.id += names[i % 2];
  }
  result.comparisons = compared_study().comparisons;
  for (auto& entry : result.comparisons) {
    entry["workload"] = "<b>work\nload</b>";
    entry["a"] = names[0];
    entry["b"] = names[1];
    entry["better"] = names[0];
    entry["metric"] = "<u>" + entry["metric"].get<std::string>();
    entry["reason"] = "<i>why</i> @team \x1b[31m";
  }
  result.recommendations = {{{"text", "<svg onload=alert(6)> @team http://evil.example \x1b[31m"}}};
  result.trials.back().codes = {{"<i>code</i>", "\x1b]0;title\x07<svg onload=alert(5)>", "`|<u>"}};
  return result;
}

void expect_golden(const std::string& name, const std::string& text) {
  const auto path = std::filesystem::path(TOKAMARK_SOURCE_DIR) / "tests" / "golden" / name;
  if (std::getenv("TOKAMARK_APPROVE") != nullptr) {
    ASSERT_TRUE(base::make_folder(path.parent_path()).has_value());
    ASSERT_TRUE(base::write_file_atomic(path, text).has_value());
  }
  const auto golden = base::read_file(path, base::ErrorKind::output);
  ASSERT_TRUE(golden.has_value()) << golden.error().message;
  EXPECT_EQ(text, golden.value()) << "if the change is wanted: TOKAMARK_APPROVE=1 and run again";
}

}  // namespace tokamark::report
