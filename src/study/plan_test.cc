#include "study/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

namespace tokamark::study {
namespace {

/// Two engines, two workloads, two levels.
Study sample() {
  Study study;
  study.name = "sample";
  study.seed = 7;
  study.repeats = 3;
  study.model.name = "m";
  for (const char* name : {"vllm", "llama"}) {
    engine::EngineSpec spec;
    spec.name = name;
    spec.kind = "openai";
    spec.url = "http://127.0.0.1:1";
    study.engines.push_back(spec);
  }
  for (const char* name : {"chat", "code"}) {
    WorkloadSpec spec;
    spec.name = name;
    spec.input_tokens.fixed = 32;
    spec.output_tokens.fixed = 16;
    study.workloads.push_back(spec);
  }
  for (const std::uint32_t level : {8U, 1U}) {
    workload::LoadShape load;
    load.concurrency = level;
    study.loads.push_back(load);
  }
  study.window.requests = 100;
  return study;
}

workload::LoadShape open_load(double rate) {
  workload::LoadShape load;
  load.kind = workload::LoadKind::open;
  load.rate_per_s = rate;
  return load;
}

Plan planned(const Study& study, const std::vector<std::string>& only = {}) {
  auto plan = make_plan(study, only);
  EXPECT_TRUE(plan.has_value()) << plan.error().message;
  return std::move(plan).value();
}

workload::Schedule scheduled(const Study& study, const PlannedTrial& trial) {
  auto schedule = make_schedule(study, trial);
  EXPECT_TRUE(schedule.has_value()) << schedule.error().message;
  return std::move(schedule).value();
}

TEST(Plan, VisitsEveryEngineOnceARepeatAndPlaysWorkloadsThenLoadsAscending) {
  const Plan plan = planned(sample());
  ASSERT_EQ(plan.visits.size(), 6U);
  EXPECT_EQ(plan.trial_count(), 24U);
  std::map<std::uint32_t, std::set<std::size_t>> visited;
  for (const EngineVisit& visit : plan.visits) {
    EXPECT_TRUE(visited[visit.repeat].insert(visit.engine).second);
    ASSERT_EQ(visit.trials.size(), 4U);
    const std::string start =
        "r" + std::to_string(visit.repeat) + "-" + (visit.engine == 0 ? "vllm" : "llama") + "-";
    EXPECT_EQ(visit.trials[0].id, start + "chat-c1");
    EXPECT_EQ(visit.trials[1].id, start + "chat-c8");
    EXPECT_EQ(visit.trials[2].id, start + "code-c1");
    EXPECT_EQ(visit.trials[3].id, start + "code-c8");
  }
  EXPECT_TRUE(std::is_sorted(plan.visits.begin(), plan.visits.end(),
                             [](const auto& a, const auto& b) { return a.repeat < b.repeat; }));
}

TEST(Plan, DrawsTheOrderOfEnginesFromTheSeed) {
  Study study = sample();
  study.repeats = 40;
  const auto order = [](const Plan& plan) {
    std::vector<std::size_t> engines;
    for (const EngineVisit& visit : plan.visits) engines.push_back(visit.engine);
    return engines;
  };
  const auto first = order(planned(study));
  EXPECT_EQ(order(planned(study)), first);
  int vllm_first = 0;
  for (std::size_t i = 0; i < first.size(); i += 2) vllm_first += first[i] == 0 ? 1 : 0;
  EXPECT_GE(vllm_first, 8);  // 40 fair draws fall outside 8..32 once in ten thousand studies
  EXPECT_LE(vllm_first, 32);
  study.seed = 8;
  EXPECT_NE(order(planned(study)), first);
}

TEST(Plan, GivesEveryEngineOfARepeatTheSameSchedule) {
  const Study study = sample();
  const Plan plan = planned(study);
  std::map<std::string, std::uint64_t> seeds;
  std::set<std::uint64_t> different;
  for (const EngineVisit& visit : plan.visits) {
    for (const PlannedTrial& trial : visit.trials) {
      const std::string key = std::to_string(trial.repeat) + "/" + std::to_string(trial.workload) +
                              "/" + trial.load.label();
      EXPECT_EQ(seeds.emplace(key, trial.seed).first->second, trial.seed);
      different.insert(trial.seed);
    }
  }
  EXPECT_EQ(different.size(), 12U);  // 3 repeats x 2 workloads x 2 levels
}

TEST(Plan, RunsEverythingAgainWithinAStartWithOtherSchedules) {
  Study study = sample();
  study.repeats = 1;
  const Plan once = planned(study);
  study.runs_per_start = 2;
  const Plan twice = planned(study);
  ASSERT_EQ(twice.visits.size(), once.visits.size());
  for (std::size_t v = 0; v < once.visits.size(); ++v) {
    const auto& first = once.visits[v].trials;
    const auto& both = twice.visits[v].trials;
    ASSERT_EQ(both.size(), 2 * first.size());
    for (std::size_t i = 0; i < first.size(); ++i) {
      EXPECT_EQ(both[i].id, first[i].id);  // a study keeps its trials when it asks for more
      EXPECT_EQ(both[i].seed, first[i].seed);
      const PlannedTrial& again = both[first.size() + i];
      EXPECT_EQ(again.run, 2U);
      EXPECT_EQ(again.repeat, 1U);
      EXPECT_EQ(again.id, "r1.2" + first[i].id.substr(2));
      EXPECT_NE(again.seed, first[i].seed);
    }
  }
}

TEST(Plan, KeepsOnlyTheAskedEnginesWithTheSameSeeds) {
  const Study study = sample();
  const Plan plan = planned(study, {"llama"});
  ASSERT_EQ(plan.visits.size(), 3U);
  for (const EngineVisit& visit : plan.visits) EXPECT_EQ(visit.engine, 1U);
  const auto refused = make_plan(study, {"lama"});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, base::ErrorKind::usage);
  EXPECT_EQ(refused.error().message,
            "--engine lama: the study has no such engine; did you mean "
            "\"llama\"? It has: vllm and llama");
}

TEST(Plan, RefusesALevelThatCannotBeReached) {
  Study study = sample();
  study.window.requests = 4;
  const auto refused = make_plan(study, {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, base::ErrorKind::study);
  EXPECT_NE(refused.error().message.find("never reaches it"), std::string::npos);
}

TEST(Plan, RefusesTwoTrialsOfOneName) {
  Study study = sample();
  study.engines[0].name = "a";
  study.engines[1].name = "a-b";
  study.workloads[0].name = "b-c";
  study.workloads[1].name = "c";
  EXPECT_FALSE(make_plan(study, {}).has_value());
}

TEST(Plan, ExpectsWarmUpsAndWindowsAndTheFloorsOfOpenLoads) {
  Study study = sample();
  EXPECT_EQ(planned(study).expected_seconds(study),
            24 * (30.0 + 60.0 + 2.0));  // 1 s of calibration before and after
  study.client.calibration_s = 0.0;
  study.loads = {open_load(1.0)};
  // 100 requests at 1/s need 100 s instead of 60 s.
  EXPECT_EQ(planned(study).expected_seconds(study), 12 * (30.0 + 100.0));
  study.window.max_seconds = 80.0;
  EXPECT_EQ(planned(study).expected_seconds(study), 12 * (30.0 + 80.0));
}

TEST(Plan, IsWrittenAsJson) {
  const Study study = sample();
  const Plan plan = planned(study);
  const nlohmann::json json = to_json(plan, study);
  EXPECT_EQ(json["trial_count"], 24);
  EXPECT_EQ(json["visits"].size(), 6U);
  EXPECT_EQ(json["visits"][0]["trials"][0]["load"],
            (nlohmann::json{{"kind", "closed"}, {"concurrency", 1}}));
}

TEST(Plan, IsDescribedWithEnginesTrialsRequestsAndDuration) {
  const Study study = sample();
  const auto text = describe_plan(planned(study), study);
  ASSERT_TRUE(text.has_value()) << text.error().message;
  for (const char* part :
       {"study      sample", "24 (repeats: 3, engine starts: 6)", "36 min 48 s or more",
        "attach to http://127.0.0.1:1", "r1-vllm-chat-c8", "256 requests, cycled", "repeat 3"}) {
    EXPECT_NE(text.value().find(part), std::string::npos) << part << "\n" << text.value();
  }
}

TEST(MakeSchedule, IsDeterministicAndDiffersBetweenRepeats) {
  const Study study = sample();
  const Plan plan = planned(study);
  const PlannedTrial& trial = plan.visits[0].trials[0];
  EXPECT_EQ(scheduled(study, trial).canonical_text(), scheduled(study, trial).canonical_text());
  EXPECT_NE(scheduled(study, trial).canonical_text(),
            scheduled(study, plan.visits[2].trials[0]).canonical_text());
}

TEST(MakeSchedule, SizesAClosedScheduleByItsWindowAndConcurrency) {
  Study study = sample();
  PlannedTrial trial = planned(study).visits[0].trials[1];
  EXPECT_EQ(scheduled(study, trial).requests.size(), 256U);  // 100 + 2 x 8 is less
  study.window.requests = 1000;
  const workload::Schedule schedule = scheduled(study, trial);
  EXPECT_EQ(schedule.requests.size(), 1016U);  // 1000 + 2 x 8
  EXPECT_EQ(schedule.prompts.size(), 1016U);
  EXPECT_EQ(schedule.requests[0].output_tokens, 16U);
  EXPECT_EQ(schedule.requests[1015].offset, base::Nanos(0));
}

TEST(MakeSchedule, CoversWarmUpWindowAndTailOfAnOpenLoad) {
  Study study = sample();
  PlannedTrial trial = planned(study).visits[0].trials[0];
  trial.load = open_load(10.0);
  trial.load.arrivals = workload::Arrivals::constant;
  // 10/s x 60 s is well above 100 requests: warm-up 30 s + window 60 s + tail 120 s.
  EXPECT_EQ(scheduled(study, trial).requests.size(), 2099U);
  study.timeouts.total_s = 5.0;  // no request can outlive a tail of 5 s
  EXPECT_EQ(scheduled(study, trial).requests.size(), 949U);
  study.window.requests = 1000;  // may need the longest window, 600 s
  EXPECT_EQ(scheduled(study, trial).requests.size(), 6349U);
  study.window.max_seconds = 100.0;
  EXPECT_EQ(scheduled(study, trial).requests.size(), 1349U);
  study.window.warmup_requests = 400;  // 40 s at 10/s, with the margin 60 s
  EXPECT_EQ(scheduled(study, trial).requests.size(), 1649U);
}

TEST(MakeSchedule, RefusesAScheduleThatIsTooLarge) {
  Study study = sample();
  PlannedTrial trial = planned(study).visits[0].trials[0];
  trial.load = open_load(100'000.0);
  EXPECT_FALSE(make_schedule(study, trial).has_value());
  trial = planned(study).visits[0].trials[0];
  study.workloads[0].input_tokens.fixed = 10'000'000;
  EXPECT_FALSE(make_schedule(study, trial).has_value());
}

TEST(MakeSchedule, IssuesTheFilesPromptsEquallyOftenAndTakesTheirLengths) {
  const auto path = std::filesystem::path(::testing::TempDir()) / "tokamark_plan_test.jsonl";
  std::ofstream(path) << "{\"prompt\": \"a\"}\n{\"prompt\": \"b\", \"output_tokens\": 99}\n"
                      << "{\"prompt\": \"c\"}\n";
  Study study = sample();
  study.workloads[0].prompts = path;
  const workload::Schedule schedule = scheduled(study, planned(study).visits[0].trials[0]);
  std::filesystem::remove(path);
  EXPECT_EQ(schedule.prompts.size(), 3U);
  ASSERT_EQ(schedule.requests.size(), 258U);  // the least multiple of 3 that is 256 or more
  std::map<std::uint32_t, int> issued;
  for (const workload::PlannedRequest& request : schedule.requests) {
    ++issued[request.prompt];
    EXPECT_EQ(request.output_tokens, request.prompt == 1 ? 99U : 16U);
  }
  EXPECT_EQ(issued, (std::map<std::uint32_t, int>{{0, 86}, {1, 86}, {2, 86}}));
}

TEST(MakeSchedule, MakesOneTextForEachUnsaltedRequest) {
  Study study = sample();
  study.window.requests = 3000;
  PlannedTrial trial = planned(study).visits[0].trials[0];
  EXPECT_EQ(scheduled(study, trial).prompts.size(), 1024U);
  study.workloads[0].salt = workload::Salting::off;
  EXPECT_EQ(scheduled(study, trial).prompts.size(), 3002U);
}

}  // namespace
}  // namespace tokamark::study
