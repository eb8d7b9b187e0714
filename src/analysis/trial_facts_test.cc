#include "analysis/trial_facts.h"

#include <gtest/gtest.h>

namespace tokamark::analysis {
namespace {

TEST(TrialFacts, SurviveTheWayThroughJson) {
  TrialFacts facts;
  facts.id = "r1-a-chat-c8";
  facts.engine = "a";
  facts.workload = "chat";
  facts.load.concurrency = 8;
  facts.window_start = base::Nanos(123456789);
  facts.window_end = base::Nanos(987654321);
  facts.least_requests = 7;
  facts.slo.tpot_ms = 50.0;
  facts.output_length = OutputLength::natural;
  facts.resources.rss_peak_bytes = 42;
  facts.server.preemptions = 3;
  facts.client_window_cpu_s = 0.1;
  facts.client_run_delay_s = 0.25;
  facts.client_context_switches_voluntary = 900;
  facts.client_context_switches_involuntary = 3;
  facts.in_flight_mean = 7.75;
  facts.validity.error_share = 0.125;
  facts.pinning = "pinned";
  facts.receive = "io_uring";
  facts.client_cpus = {6, 7};
  facts.clock_stepped = true;
  facts.probes = 60;
  facts.never_warm = true;
  facts.stopped = "engine ended";
  facts.engine_info = {{"version", "1"}};
  const auto back = facts_from_json(nlohmann::json::parse(to_json(facts).dump()));
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ(to_json(back.value()), to_json(facts));
  EXPECT_EQ(back.value().window_end, facts.window_end);
  EXPECT_EQ(back.value().slo.tpot_ms, 50.0);
  EXPECT_FALSE(back.value().slo.ttft_ms.has_value());
}

TEST(TrialFacts, OfAnOlderVersionHaveNoCostsOfScheduling) {
  nlohmann::json json = to_json(TrialFacts());
  for (const char* key : {"client_run_delay_s", "client_context_switches_voluntary",
                          "client_context_switches_involuntary", "pinning", "receive",
                          "client_cpus", "in_flight_mean", "validity", "server"}) {
    EXPECT_EQ(json.erase(key), 1U) << key;
  }
  const auto back = facts_from_json(json);
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ(back.value().client_run_delay_s, std::nullopt);
  EXPECT_EQ(back.value().client_context_switches_voluntary, std::nullopt);
  EXPECT_TRUE(back.value().pinning.empty());
  EXPECT_TRUE(back.value().receive.empty());
  EXPECT_FALSE(back.value().in_flight_mean.has_value());
  EXPECT_EQ(back.value().validity.error_share, 0.01);
  EXPECT_FALSE(back.value().server.preemptions.has_value());
}

TEST(TrialFacts, AMissingFieldIsAnErrorThatNamesIt) {
  nlohmann::json json = to_json(TrialFacts());
  json.erase("window_end_ns");
  const auto back = facts_from_json(json);
  ASSERT_FALSE(back.has_value());
  EXPECT_NE(back.error().message.find("window_end_ns"), std::string::npos);
}

}  // namespace
}  // namespace tokamark::analysis
