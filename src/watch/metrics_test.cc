#include "watch/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "watch/metric_tables_internal.h"

namespace tokamark::watch {
namespace {

using testing::HasSubstr;
using testing::Not;

record::TrialResult trial() {
  record::TrialResult t;
  t.engine = "a";
  t.workload = "chat";
  t.load.concurrency = 8;
  t.verdict = record::Verdict::valid;
  t.counts.succeeded = 7;
  t.metrics.ttft_ms.p50 = 20.0;
  t.metrics.output_tokens_per_s = 512.5;
  t.client.lateness_ms.p99 = 0.05;
  t.resources.vram_peak_bytes = 1'000'000;
  return t;
}

Snapshot running() {
  Snapshot s;
  s.study = "s";
  s.simulated = true;
  s.progress.emplace();
  s.progress->step = record::Step::measuring;
  s.progress->trial.emplace();
  s.progress->trial->engine = "a";
  s.progress->trial->workload = "chat";
  s.progress->trial->live = record::LiveNumbers{8, 120, 1, 4096, 512.5, 20.0, std::nullopt};
  return s;
}

std::string text_of(const Snapshot& snapshot, const record::TrialResult& t) {
  return openmetrics(snapshot, {{"key", t}}, "1.2.3");
}

TEST(OpenMetrics, IsInBaseUnitsWithLabels) {
  const std::string text = text_of(running(), trial());
  const std::string labels =
      R"({engine="a",workload="chat",load="c=8",simulated="true",verdict="valid"})";
  EXPECT_THAT(text, HasSubstr("# TYPE tokamark_trial_ttft_p50_seconds gauge\n"
                              "# UNIT tokamark_trial_ttft_p50_seconds seconds\n"
                              "tokamark_trial_ttft_p50_seconds" +
                              labels + " 0.02\n"));
  EXPECT_THAT(text, HasSubstr("tokamark_trial_output_tokens_per_second" + labels + " 512.5\n"));
  EXPECT_THAT(text, HasSubstr("tokamark_client_lateness_p99_seconds" + labels + " 5e-05\n"));
  EXPECT_THAT(text, HasSubstr("tokamark_vram_peak_bytes" + labels + " 1000000\n"));
  EXPECT_THAT(text, HasSubstr("tokamark_build_info{version=\"1.2.3\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("tokamark_study_state{tokamark_study_state=\"running\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("tokamark_study_step{tokamark_study_step=\"measuring\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("tokamark_running_output_tokens_total{engine=\"a\""));
  EXPECT_EQ(text.substr(text.size() - 6), "# EOF\n");
  EXPECT_EQ(text.find("# EOF"), text.size() - 6);
}

TEST(OpenMetrics, WhatDoesNotExistHasNoSample) {
  const std::string text = text_of(running(), trial());
  EXPECT_THAT(text, Not(HasSubstr("\ntokamark_gpu_power_mean_watts{")));
  EXPECT_THAT(text, HasSubstr("# TYPE tokamark_gpu_power_mean_watts gauge\n"));
  EXPECT_THAT(text, Not(HasSubstr("\ntokamark_running_ttft_p99_seconds{")));
  EXPECT_THAT(text, Not(HasSubstr("nan")));
  Snapshot ended = running();
  ended.state = State::finished;
  EXPECT_THAT(text_of(ended, trial()), Not(HasSubstr("\ntokamark_running_requests_in_flight{")));
}

TEST(OpenMetrics, AnInvalidTrialSaysSo) {
  record::TrialResult t = trial();
  t.verdict = record::Verdict::invalid;
  EXPECT_THAT(text_of(running(), t), HasSubstr("verdict=\"invalid\"} 0.02\n"));
}

TEST(OpenMetrics, LabelValuesAreEscaped) {
  EXPECT_EQ(label_value("a\"b\\c\nd"), "a\\\"b\\\\c\\nd");
  EXPECT_EQ(label_value("tab\tbell\a"), "tab bell ");
  EXPECT_EQ(label_value("cut \xE2\x82"), "cut \xEF\xBF\xBD");
  EXPECT_LT(label_value(std::string(10'000, '"')).size(), 500U);
  record::TrialResult t = trial();
  t.engine = "evil\"} 1\n# EOF\n";
  const std::string text = text_of(running(), t);
  EXPECT_EQ(text.find("\n# EOF"), text.size() - 7) << "only the real end begins a line";
}

/// Names are unique, and one with a unit ends in it.
TEST(OpenMetrics, NamesFollowTheFormat) {
  std::istringstream text(text_of(running(), trial()));
  std::set<std::string> families;
  std::string name;
  for (std::string line; std::getline(text, line);) {
    std::istringstream words(line);
    std::string mark, what, rest;
    words >> mark >> what >> name >> rest;
    if (mark != "#" || what == "EOF") continue;
    EXPECT_TRUE(what != "HELP" || families.insert(name).second) << name << " comes twice";
    EXPECT_TRUE(what != "UNIT" || name.ends_with("_" + rest)) << name;
  }
  EXPECT_GT(families.size(), 40U);
}

}  // namespace
}  // namespace tokamark::watch
