#include "workload/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

namespace tokamark::workload {
namespace {

Schedule small_schedule() {
  Schedule schedule;
  schedule.load.concurrency = 2;
  schedule.seed = 5;
  schedule.prompts.resize(2);
  schedule.prompts[0].category = "short";
  schedule.prompts[0].text = "Say \"hi\".";
  schedule.prompts[1].category = "chat";
  schedule.prompts[1].messages_json = R"([{"role":"user","content":"x"}])";
  schedule.requests.resize(2);
  schedule.requests[1].offset = std::chrono::milliseconds(3);
  schedule.requests[1].prompt = 1;
  schedule.requests[1].output_tokens = 16;
  return schedule;
}

TEST(LoadShape, IsLabelledByWhatItHolds) {
  LoadShape load;
  load.concurrency = 8;
  EXPECT_EQ(load.label(), "c=8");
  load.kind = LoadKind::open;
  load.rate_per_s = 4.0;
  EXPECT_EQ(load.label(), "rate=4/s");
  load.rate_per_s = 0.25;
  EXPECT_EQ(load.label(), "rate=0.25/s");
}

TEST(Salt, IsFourWordsAndASpaceAndNeverRepeats) {
  const Schedule schedule = small_schedule();
  std::set<std::string> seen;
  for (std::uint64_t i = 0; i < 20000; ++i) {
    const std::string salt = schedule.salt(i);
    ASSERT_EQ(std::count(salt.begin(), salt.end(), ' '), 4) << salt;
    ASSERT_EQ(salt.back(), ' ');
    ASSERT_TRUE(seen.insert(salt).second) << salt;
  }
}

TEST(Salt, DiffersBetweenSeedsAndIsEmptyWhenOff) {
  Schedule schedule = small_schedule();
  const std::string before = schedule.salt(0);
  EXPECT_EQ(schedule.salt(0), before);
  schedule.seed = 6;
  EXPECT_NE(schedule.salt(0), before);
  schedule.salting = Salting::off;
  EXPECT_EQ(schedule.salt(0), "");
}

TEST(CanonicalText, IsAHeaderThenPromptsThenRequestsOneALine) {
  EXPECT_EQ(small_schedule().canonical_text(),
            "{\"version\":1,\"seed\":5,\"load\":{\"kind\":\"closed\",\"concurrency\":2},"
            "\"salting\":\"on\",\"prompts\":2,\"requests\":2}\n"
            "{\"category\":\"short\",\"text\":\"Say \\\"hi\\\".\"}\n"
            "{\"category\":\"chat\",\"messages_json\":"
            "\"[{\\\"role\\\":\\\"user\\\",\\\"content\\\":\\\"x\\\"}]\"}\n"
            "{\"offset_ns\":0,\"prompt\":0,\"output_tokens\":0}\n"
            "{\"offset_ns\":3000000,\"prompt\":1,\"output_tokens\":16}\n");
}

TEST(CanonicalText, IsJsonOnEveryLineForAnOpenLoad) {
  Schedule schedule = small_schedule();
  schedule.load.kind = LoadKind::open;
  schedule.load.rate_per_s = 2.5;
  schedule.load.arrivals = Arrivals::gamma;
  schedule.load.gamma_cv = 1.5;
  std::istringstream lines(schedule.canonical_text());
  std::string line;
  std::getline(lines, line);
  const auto load = nlohmann::json::parse(line)["load"];
  EXPECT_EQ(load["arrivals"], "gamma");
  EXPECT_EQ(load["gamma_cv"], 1.5);
  EXPECT_EQ(load["rate_per_s"], 2.5);
  while (std::getline(lines, line)) EXPECT_TRUE(nlohmann::json::accept(line)) << line;
}

}  // namespace
}  // namespace tokamark::workload
