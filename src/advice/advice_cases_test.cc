// Every rule of rules.yaml with a study that must fire it and one, as near as can be, that must
// not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

#include "advice/recommend.h"
#include "advice/rule.h"
#include "advice/sample_for_tests.h"

namespace tokamark::advice {
namespace {

using record::StudyResult;
using record::TrialResult;
using testing::Contains;
using testing::IsEmpty;
using testing::Not;

using Study = std::function<void(StudyResult&)>;

struct RulePair {
  std::string rule;
  Study fires, must_not;
};

/// a is ahead of b by the metric at c=8.
void a_wins(StudyResult& result, const std::string& metric) {
  result.comparisons.push_back(pair_entry({metric}));
}

void waiting(StudyResult& result, const std::string& engine, double requests) {
  change_engine(result, engine,
                [=](TrialResult& trial) { trial.server.requests_waiting_mean = requests; });
}

void kv(StudyResult& result, const std::string& engine, double share, double preemptions) {
  change_engine(result, engine, [=](TrialResult& trial) {
    trial.server.kv_cache_usage_peak_ratio = share;
    trial.server.preemptions = preemptions;
  });
}

void running(StudyResult& result, double mean, double peak) {
  change_all(result, [=](TrialResult& trial) {
    trial.server.requests_running_mean = mean;
    trial.server.requests_running_peak = peak;
  });
}

void max_sequences(StudyResult& result, double limit, double running) {
  change_all(result, [=](TrialResult& trial) {
    trial.engine_info["settings"]["max_sequences"] = {{"value", limit}, {"source", "log"}};
    trial.server.requests_running_peak = running;
  });
}

void attainment(StudyResult& result, double share) {
  result.study["slo"] = {{"ttft_ms", 200}};
  change_all(result, [=](TrialResult& trial) { trial.metrics.slo_attainment = share; });
}

/// The interval of attainment of a at both loads.
void attainment_from(StudyResult& result, double low_at_1, double low_at_8) {
  attainment(result, 0.97);
  for (const auto& [concurrency, low] : {std::pair(1, low_at_1), std::pair(8, low_at_8)}) {
    result.estimates.push_back({{"engine", "a"},
                                {"workload", "chat"},
                                {"load", {{"kind", "closed"}, {"concurrency", concurrency}}},
                                {"metric", "slo_attainment"},
                                {"median", 0.97},
                                {"low", low},
                                {"high", 0.99}});
  }
}

void open_loads(StudyResult& result, double waiting_mean, double kv_peak) {
  change_all(result, [=](TrialResult& trial) {
    trial.load.kind = workload::LoadKind::open;
    trial.load.rate_per_s = trial.load.concurrency;
    trial.server.requests_waiting_mean = waiting_mean;
    trial.server.kv_cache_usage_peak_ratio = kv_peak;
  });
}

void throughput_at_8(StudyResult& result, double tokens_per_s, double ttft_ms) {
  change_load(result, 8, [=](TrialResult& trial) {
    trial.metrics.output_tokens_per_s = tokens_per_s;
    trial.metrics.ttft_ms.p50 = ttft_ms;
  });
}

void every(StudyResult& result, std::optional<double> record::TrialResources::*field,
           double value) {
  change_all(result, [=](TrialResult& trial) { trial.resources.*field = value; });
}

void spec(StudyResult& result, double length) {
  change_all(result, [=](TrialResult& t) { t.server.spec_acceptance_length = length; });
}

void no_core(StudyResult& result, double share) {
  change_all(result, [=](TrialResult& t) { t.client.run_delay_share = share; });
}

void in_flight(StudyResult& result, double mean) {
  change_all(result, [=](TrialResult& t) {
    t.checks.in_flight_asked = 8;
    t.checks.in_flight_mean = mean;
  });
}

void prefix_hits(StudyResult& result, double share, bool salted) {
  result.study["workloads"][0]["salt"] = salted;
  change_all(result, [=](TrialResult& t) { t.server.prefix_hit_share = share; });
}

void setting(StudyResult& result, const char* standing) {
  result.fairness = {
      {"arms", {{{"arm", ""}, {"settings", {{{"name", "dtype"}, {"standing", standing}}}}}}}};
}

/// ttft_p50 and tpot_p50 of a against b; the primary metric is output.
void decode(StudyResult& result, const std::string& by_tpot, const std::string& by_ttft) {
  result.comparisons.push_back(pair_entry({"output_tokens_per_s", 8, "a", "b", 1.2, 1.1, 1.3}));
  result.comparisons.push_back(pair_entry({"tpot_p50_ms", 8, "a", "b", 0.8, 0.7, 0.9, by_tpot}));
  result.comparisons.push_back(pair_entry({"ttft_p50_ms", 8, "a", "b", 0.8, 0.7, 0.9, by_ttft}));
}

void undecided(StudyResult& result, double low, double high) {
  result.comparisons.push_back(pair_entry({"ttft_p99_ms", 8, "a", "b", 0.98, low, high, ""}));
}

std::vector<RulePair> winner_pairs() {
  return {
      {"winner_by_kv_cache",
       [](auto& r) { a_wins(r, "ttft_p99_ms"), kv(r, "a", 0.6, 0), kv(r, "b", 0.98, 3); },
       [](auto& r) { a_wins(r, "ttft_p99_ms"), kv(r, "a", 0.6, 1), kv(r, "b", 0.98, 3); }},
      {"winner_by_queueing",
       [](auto& r) { a_wins(r, "ttft_p99_ms"), waiting(r, "a", 1), waiting(r, "b", 2); },
       [](auto& r) { a_wins(r, "ttft_p99_ms"), waiting(r, "a", 1.1), waiting(r, "b", 2); }},
      {"winner_by_prefill",
       [](auto& r) { a_wins(r, "ttft_p99_ms"), waiting(r, "a", 0.1), waiting(r, "b", 0.4); },
       [](auto& r) { a_wins(r, "ttft_p99_ms"), waiting(r, "a", 0.1), waiting(r, "b", 0.6); }},
      {"winner_by_decode", [](auto& r) { decode(r, "a", ""); },
       [](auto& r) { decode(r, "a", "a"); }},
      {"winner", [](auto& r) { a_wins(r, "ttft_p99_ms"); },
       [](auto& r) {
         r.comparisons.push_back(pair_entry({"ttft_p99_ms", 8, "a", "b", 0.9, 0.8, 1.1, ""}));
       }},
  };
}

std::vector<RulePair> server_pairs() {
  return {
      {"kv_cache_preempts", [](auto& r) { kv(r, "a", 0.95, 1); },
       [](auto& r) { kv(r, "a", 0.95, 0); }},
      {"kv_cache_limits_batch", [](auto& r) { kv(r, "a", 0.95, 0), waiting(r, "a", 1); },
       [](auto& r) { kv(r, "a", 0.94, 0), waiting(r, "a", 1); }},
      {"sequences_limit_batch",
       [](auto& r) { kv(r, "a", 0.5, 0), waiting(r, "a", 2), running(r, 63, 64); },
       [](auto& r) { kv(r, "a", 0.5, 0), waiting(r, "a", 2), running(r, 50, 64); }},
      {"batch_tokens_limit_batch",
       [](auto& r) { kv(r, "a", 0.5, 0), waiting(r, "a", 2), max_sequences(r, 64, 20); },
       [](auto& r) { kv(r, "a", 0.8, 0), waiting(r, "a", 2), max_sequences(r, 64, 20); }},
      {"prefix_hits_on_new_prompts", [](auto& r) { prefix_hits(r, 0.3, true); },
       [](auto& r) { prefix_hits(r, 0.3, false); }},
      {"speculation_rarely_accepted", [](auto& r) { spec(r, 1.2); }, [](auto& r) { spec(r, 2.4); }},
  };
}

std::vector<RulePair> other_pairs() {
  return {
      {"engine_waits_on_client", [](auto& r) { in_flight(r, 7.8); },
       [](auto& r) { in_flight(r, 7.9); }},
      {"client_without_core", [](auto& r) { no_core(r, 0.05); }, [](auto& r) { no_core(r, 0.04); }},
      {"gpu_slowed_down",
       [](auto& r) { every(r, &record::TrialResources::gpu_slowdown_share, 0.004); },
       [](auto& r) { every(r, &record::TrialResources::gpu_slowdown_share, 0.0); }},
      {"slo_missed_at_every_load", [](auto& r) { attainment(r, 0.89); },
       [](auto& r) {
         attainment(r, 0.89), change_load(r, 1, [](auto& t) { t.metrics.slo_attainment = 0.95; });
       }},
      {"slo_held_up_to", [](auto& r) { attainment_from(r, 0.95, 0.91); },
       [](auto& r) { attainment_from(r, 0.89, 0.91); }},
      {"closed_load_below_saturation", [](auto& r) { throughput_at_8(r, 700, 22); },
       [](auto& r) { throughput_at_8(r, 500, 22); }},
      {"closed_load_past_saturation", [](auto& r) { throughput_at_8(r, 150, 160); },
       [](auto& r) { throughput_at_8(r, 150, 24); }},
      {"open_load_below_saturation", [](auto& r) { open_loads(r, 0.1, 0.4); },
       [](auto& r) { open_loads(r, 0.1, 0.8); }},
      {"unequal_settings", [](auto& r) { setting(r, "different"); },
       [](auto& r) { setting(r, "intended"); }},
      {"too_few_blocks_for_the_noise", [](auto& r) { undecided(r, 0.93, 1.03); },
       [](auto& r) { undecided(r, 0.93, 0.99); }},
      {"one_load_tested",
       [](auto& r) {
         r.trials.erase(r.trials.begin(), r.trials.begin() + 2), a_wins(r, "ttft_p99_ms");
       },
       [](auto& r) { a_wins(r, "ttft_p99_ms"); }},
  };
}

std::vector<RulePair> all_pairs() {
  auto pairs = winner_pairs();
  for (auto& list : {server_pairs(), other_pairs()}) {
    pairs.insert(pairs.end(), list.begin(), list.end());
  }
  return pairs;
}

/// Rules of facts that a trial of this table cannot be given: both ends as facts.
struct FactsPair {
  std::string rule;
  Facts fires, must_not;
};

const std::vector<FactsPair>& facts_pairs() {
  const std::string light = "speed_of_light.tpot_fraction";
  const std::string bound = "speed_of_light.bound";
  const std::string memory = "memory";
  static const std::vector<FactsPair> pairs{
      {"decode_near_speed_of_light",
       {{"valid", true}, {"is_single_stream", true}, {bound, memory}, {light, 0.85}},
       {{"valid", true}, {"is_single_stream", true}, {bound, memory}, {light, 1.05}}},
      {"decode_far_from_speed_of_light",
       {{"valid", true}, {"is_single_stream", true}, {light, 0.3}},
       {{"valid", true}, {"is_single_stream", false}, {light, 0.3}}},
  };
  return pairs;
}

// The TPOT of a trial that is not valid may be the client's.
TEST(RuleFacts, DecodeIsJudgedByValidTrialsAlone) {
  for (const char* id : {"decode_near_speed_of_light", "decode_far_from_speed_of_light"}) {
    const auto pair = std::find_if(facts_pairs().begin(), facts_pairs().end(),
                                   [id](const FactsPair& one) { return one.rule == id; });
    Facts facts = pair->fires;
    EXPECT_TRUE(holds(*find_rule(id), facts)) << id;
    facts["valid"] = false;
    EXPECT_FALSE(holds(*find_rule(id), facts)) << id;
  }
}

TEST(RuleFacts, FireWhereTheyMustAndNotWhereTheyMustNot) {
  for (const FactsPair& pair : facts_pairs()) {
    const Rule* rule = find_rule(pair.rule);
    ASSERT_NE(rule, nullptr) << pair.rule;
    EXPECT_TRUE(holds(*rule, pair.fires)) << pair.rule;
    EXPECT_FALSE(holds(*rule, pair.must_not)) << pair.rule;
  }
}

class RuleCases : public testing::TestWithParam<RulePair> {};

TEST_P(RuleCases, FiresWhereItMustAndNotWhereItMustNot) {
  const RulePair& pair = GetParam();
  auto firing = quiet_study();
  pair.fires(firing);
  EXPECT_THAT(rules_of(recommend(firing)), Contains(pair.rule));
  auto quiet = quiet_study();
  pair.must_not(quiet);
  EXPECT_THAT(rules_of(recommend(quiet)), Not(Contains(pair.rule)));
}

TEST_P(RuleCases, SaysWhatItKnowsAndWhereItStands) {
  auto result = quiet_study();
  GetParam().fires(result);
  for (const auto& each : recommend(result)) {
    if (each.at("rule") != GetParam().rule) continue;
    const auto text = each.at("text").get<std::string>();
    EXPECT_EQ(text.find_first_of("{}"), std::string::npos) << text;
    EXPECT_FALSE(each.at("rests_on").empty());
    EXPECT_FALSE(each.at("decided_by").get<std::string>().empty());
  }
}

INSTANTIATE_TEST_SUITE_P(All, RuleCases, testing::ValuesIn(all_pairs()),
                         [](const auto& test) { return test.param.rule; });

TEST(RuleCasesTable, HasEveryRuleOnce) {
  std::multiset<std::string> tested;
  for (const RulePair& pair : all_pairs()) tested.insert(pair.rule);
  for (const FactsPair& pair : facts_pairs()) tested.insert(pair.rule);
  for (const Rule& rule : rule_book().rules) EXPECT_EQ(tested.count(rule.id), 1U) << rule.id;
  EXPECT_EQ(tested.size(), rule_book().rules.size());
}

TEST(RuleCasesTable, StartsFromAStudyThatFiresNothing) {
  EXPECT_THAT(rules_of(recommend(quiet_study())), IsEmpty());
}

}  // namespace
}  // namespace tokamark::advice
