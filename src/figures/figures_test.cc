#include "figures/figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

#include "figures/sample_for_tests.h"
#include "report/sample_for_tests.h"

namespace tokamark::figures {
namespace {

using namespace tokamark::report;
using nlohmann::json;
using testing::Contains;
using testing::HasSubstr;

TEST(Figures, OfAFullStudyAreAllThereInOrderOfSections) {
  const auto set = make(sample({.engines = 3, .loads = 4, .repeats = 2}));
  std::vector<std::string> ids;
  for (const auto& figure : set.figures) ids.push_back(figure.id);
  EXPECT_THAT(ids, testing::ElementsAre(
                       "pareto-chat", "throughput-e2e-chat", "throughput-ttft-chat", "cost-chat",
                       "energy-chat", "output-concurrency-chat", "ttft-concurrency-chat",
                       "tpot-concurrency-chat", "attainment-concurrency-chat", "strictness-chat",
                       "distribution-ttft-chat", "distribution-itl-chat", "distribution-e2e-chat",
                       "percentiles-ttft-chat", "percentiles-tpot-chat", "percentiles-e2e-chat",
                       "itl-histogram-chat", "ttft-prompt-chat", "timeline-chat", "waterfall-chat",
                       "tokens-chat", "startup-chat", "memory-chat", "roofline-concurrency-chat",
                       "client-chat", "asked-concurrency-chat", "repeats-chat"));
  EXPECT_THAT(set.left_out, Contains(HasSubstr("Ratios of engines")));
  EXPECT_THAT(set.left_out, Contains(HasSubstr("no failed request and no output cut short")));
}

TEST(Figures, SayWhatTheyAreAndThatTheyAreSimulated) {
  const auto set = make(sample({}));
  for (const auto& figure : set.figures) {
    EXPECT_THAT(figure.title, HasSubstr(": chat (SIMULATED)")) << figure.id;
    EXPECT_FALSE(figure.caption.empty()) << figure.id;
    EXPECT_TRUE(std::regex_match(figure.id, std::regex("[A-Za-z0-9_.-]+"))) << figure.id;
    const auto& usermeta = figure.spec.at("usermeta").at("figure");
    EXPECT_EQ(usermeta.at("id"), figure.id);
    EXPECT_EQ(usermeta.at("title"), figure.title);
    EXPECT_EQ(usermeta.at("caption"), figure.caption);
    EXPECT_EQ(usermeta.at("section"), to_word(figure.section));
    EXPECT_EQ(usermeta.at("workload"), "chat");
    EXPECT_EQ(usermeta.at("simulated"), true);
  }
}

TEST(Figures, KeepToTwoThousandRowsEach) {
  for (const bool open : {false, true}) {
    const auto set =
        make(sample({.engines = 6, .loads = 9, .repeats = 2, .open = open, .missing = true}));
    EXPECT_GE(set.figures.size(), 20u);
    for (const auto& figure : set.figures) {
      EXPECT_LE(count_rows(figure.spec), 2000u) << figure.id;
    }
  }
}

TEST(Figures, OfAHostileStudyHaveFileNamesAsIds) {
  const auto result = hostile_study();
  const auto workloads = make_rows(result);
  for (const auto& figure : make_figures(result, workloads[0], {}).figures) {
    EXPECT_TRUE(std::regex_match(figure.id, std::regex("[A-Za-z0-9_-][A-Za-z0-9_.-]*")))
        << figure.id;
  }
}

TEST(Figures, WithoutRawRecordsSayThatTheyNeedThem) {
  const auto set = make(sample({.detailed = false}));
  EXPECT_FALSE(has(set, "timeline-chat"));
  EXPECT_THAT(set.left_out, Contains("Client, server and machine over time: chat (SIMULATED): it "
                                     "needs the raw records of a trial."));
}

TEST(Figures, OneLoadMakesNoLineAndSaysWhy) {
  const auto set = make(sample({.loads = 1}));
  EXPECT_FALSE(has(set, "output-concurrency-chat"));
  EXPECT_THAT(set.left_out,
              Contains("Output throughput over concurrency: chat (SIMULATED): it needs "
                       "at least two loads."));
}

TEST(Figures, SayWhichPercentileIsNotShown) {
  const auto set = make(sample({.engines = 2, .loads = 2}));
  EXPECT_THAT(find(set, "percentiles-ttft-chat").caption,
              HasSubstr("Not shown: TTFT p99 of 4 of 4 rows (needs 1000 samples, has 240)."));
}

TEST(Figures, ShowSecondsOnceTenAreReached) {
  Sample slow;
  slow.result.trials = {sample_trial("a", 8, 1, 9'000)};  // its p95 is 13,500 ms
  const auto set = make(slow);
  const auto& panel = find(set, "percentiles-ttft-chat").spec.at("concat").at(0);
  EXPECT_EQ(panel.at("layer").at(0).at("encoding").at("y").at("title"), "TTFT (s)");
  EXPECT_DOUBLE_EQ(panel.at("data").at("values").at(0).at("value").get<double>(), 9.0);
}

TEST(Pareto, FadesWhatAnotherPointBeats) {
  // Engine 1 at c=1: 1000/8 = 125 tok/s/user, 200 tok/s a GPU; engine 2 is 15 % slower in both.
  const auto set = make(sample({.engines = 2, .loads = 1}));
  const auto& rows = find(set, "pareto-chat").spec.at("data").at("values");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_DOUBLE_EQ(rows[0].at("x").get<double>(), 125.0);
  EXPECT_DOUBLE_EQ(rows[0].at("y").get<double>(), 200.0);  // 400 over two GPUs
  EXPECT_EQ(rows[0].at("standing"), "on the frontier");
  EXPECT_EQ(rows[1].at("standing"), "dominated");
  EXPECT_LT(rows[1].at("alpha").get<double>(), 1.0);
}

TEST(Pareto, IsTheSpecificationThatIsKept) {
  const auto set = make(sample({.engines = 2, .loads = 3, .missing = true}));
  expect_golden("pareto.vl.json", find(set, "pareto-chat").spec.dump(1) + "\n");
}

TEST(Pareto, AnInvalidPointDominatesNobodyAndHasNoLine) {
  auto study = sample({.engines = 2, .loads = 1});
  study.result.trials[0].verdict = record::Verdict::invalid;
  const auto set = make(study);
  const auto& rows = find(set, "pareto-chat").spec.at("data").at("values");
  EXPECT_FALSE(rows[0].at("valid").get<bool>());
  EXPECT_TRUE(rows[0].at("line").is_null());
  EXPECT_EQ(rows[0].at("standing"), "not compared: no valid run");
  EXPECT_EQ(rows[1].at("standing"), "on the frontier");
  EXPECT_THAT(find(set, "pareto-chat").caption, HasSubstr("Hollow and crossed: no valid run."));
}

TEST(Intervals, AreTheEstimatesAndElseTheRangeOfTheRuns) {
  auto study =
      sample({.engines = 1, .loads = 2, .repeats = 2});  // TTFT p50: 20.2 and 20.4 ms at c=1
  study.result.estimates = {{{"engine", "engine-1"},
                             {"workload", "chat"},
                             {"load", {{"kind", "closed"}, {"concurrency", 2}}},
                             {"metric", "ttft_p50_ms"},
                             {"low", 39.0},
                             {"high", 42.0},
                             {"R", 7}}};
  auto share = study.result.estimates[0];
  share.update({{"metric", "slo_attainment"}, {"low", 0.5}, {"high", 0.75}});
  study.result.estimates.push_back(share);
  const auto set = make(study);
  const auto& figure = find(set, "ttft-concurrency-chat");
  const auto& rows = figure.spec.at("concat").at(0).at("data").at("values");
  EXPECT_NEAR(rows[0].at("low").get<double>(), 20.2, 1e-9);
  EXPECT_NEAR(rows[0].at("high").get<double>(), 20.4, 1e-9);
  EXPECT_EQ(rows[0].at("range"), "2 runs, 20.2 to 20.4");
  EXPECT_EQ(rows[1].at("low"), 39.0);
  EXPECT_EQ(rows[1].at("range"), "95 % interval 39.0 to 42.0 of 7 blocks");
  EXPECT_THAT(figure.caption, HasSubstr("95 % sign-test interval"));
  EXPECT_THAT(figure.caption, HasSubstr("the range of the runs, which is not an interval"));
  // The estimate is a share, the figure in percent.
  const auto& shares = find(set, "attainment-concurrency-chat").spec.at("data").at("values");
  EXPECT_EQ(shares[1].at("low"), 50.0);
  EXPECT_EQ(shares[1].at("high"), 75.0);
}

TEST(Nines, HaveAnIntervalOfIndependentStartsAlone) {
  const auto plain = sample({.engines = 1, .loads = 1, .repeats = 6});
  const auto caption = [](const Sample& study) {
    return find(make(study), "distribution-ttft-chat").caption;
  };
  EXPECT_THAT(caption(plain), HasSubstr("Bands: 95 % sign-test interval"));
  auto study = plain;
  study.result.trials[5].repeat = 5;  // the second run of that start
  EXPECT_THAT(caption(study), HasSubstr("Bands: the range of the runs"));
  EXPECT_THAT(caption(study), testing::Not(HasSubstr("interval of the median")));
  study = sample({.engines = 1, .loads = 1, .repeats = 7});
  EXPECT_THAT(caption(study), HasSubstr("Bands: 95 % sign-test interval"));
  study.result.trials[6].verdict = record::Verdict::invalid;  // six others remain
  EXPECT_THAT(caption(study), HasSubstr("Bands: the range of the runs"));
}

TEST(Goodput, IsDrawnAgainstTheOfferedRateOfOpenLoads) {
  const auto set = make(sample({.engines = 1, .loads = 2, .open = true}));
  const auto& spec = find(set, "goodput-rate-chat").spec;
  EXPECT_DOUBLE_EQ(spec.at("data").at("values").at(1).at("x").get<double>(), 2.0);
  EXPECT_DOUBLE_EQ(spec.at("data").at("values").at(1).at("value").get<double>(), 1.8);
  EXPECT_FALSE(has(make(sample({})), "goodput-rate-chat"));
}

// Interactivity is 1000 / TPOT: the sample's lies between 37 and 125 tokens/s/user.
TEST(Pareto, ShadesWhereTheSloIsMissed) {
  const auto shaded = [](double tpot_ms) {
    auto study = sample({.engines = 2, .loads = 3});
    study.result.study["slo"] = {{"tpot_ms", tpot_ms}};
    const auto set = make(study);
    const auto& figure = find(set, "pareto-chat");
    std::vector<double> ends;
    for (const auto& layer : figure.spec.at("layer")) {
      if (layer.at("mark").at("type") != "rect") continue;
      const auto& span = layer.at("data").at("values").at(0);
      ends = {span.at("from").get<double>(), span.at("to").get<double>()};
    }
    const auto& axis = figure.spec.at("layer").at(0).at("encoding").at("x").at("scale");
    return std::tuple(ends, axis.at("domain").get<std::vector<double>>(), figure.caption);
  };
  auto [ends, domain, caption] = shaded(20.0);
  EXPECT_EQ(ends, (std::vector<double>{domain[0], 50.0}));
  EXPECT_THAT(caption, HasSubstr(" Shaded: the limit of the SLO is missed."));
  std::tie(ends, domain, caption) = shaded(2.0);
  EXPECT_EQ(ends, domain);
  EXPECT_THAT(caption, HasSubstr("TPOT 2.00 ms, lies beyond the axis: all points miss it."));
  auto study = sample({.engines = 2, .loads = 3});
  study.result.study["slo"] = {{"e2e_ms", 1e6}};
  const auto set = make(study);
  EXPECT_THAT(find(set, "throughput-e2e-chat").caption, HasSubstr("no point misses it."));
  EXPECT_THAT(find(set, "throughput-e2e-chat").spec.dump(),
              testing::Not(HasSubstr("b00020\",\"opac")));
}

TEST(Zeros, HaveNoPlaceOnALogAxisNorAnInteractivityAndAreCounted) {
  auto study = sample({.engines = 2, .loads = 3});
  study.result.trials[1].metrics.tpot_ms.p50 = 0.0;
  auto set = make(study);
  for (const char* id : {"pareto-chat", "tpot-concurrency-chat"}) {
    const auto& figure = find(set, id);
    EXPECT_THAT(figure.caption, HasSubstr("Not shown: TPOT p50 of 1 of 6 rows (0 ms, ")) << id;
    const auto& part =
        figure.spec.contains("concat") ? figure.spec.at("concat").at(0) : figure.spec;
    EXPECT_EQ(part.at("data").at("values").size(), 5u) << id;
  }
  for (auto& trial : study.result.trials) {
    trial.metrics.tpot_ms.p50 = trial.metrics.tpot_ms.p95 = trial.metrics.tpot_ms.p99 = 0.0;
  }
  set = make(study);
  EXPECT_FALSE(has(set, "pareto-chat"));
  EXPECT_FALSE(has(set, "tpot-concurrency-chat"));
  EXPECT_THAT(
      set.left_out,
      Contains(HasSubstr("no row has both numbers. Not shown: TPOT p50 of 6 of 6 rows (0")));
}

TEST(Captions, CountTheRunsThatAreDrawn) {
  const auto set = make(sample({.engines = 1, .loads = 2, .repeats = 3}));
  for (const char* id : {"timeline-chat", "waterfall-chat", "tokens-chat", "memory-chat",
                         "itl-histogram-chat", "ttft-prompt-chat", "strictness-chat"}) {
    EXPECT_THAT(find(set, id).caption, HasSubstr("R = 1 run a point")) << id;
  }
  EXPECT_THAT(find(set, "percentiles-ttft-chat").caption, HasSubstr("R = 3 runs a point"));
  auto study = sample({.engines = 1, .loads = 2, .repeats = 3});
  study.result.trials[4].verdict = record::Verdict::invalid;  // drawn, and crossed
  const auto drawn = make(study);
  for (const char* id : {"repeats-chat", "asked-concurrency-chat"}) {
    EXPECT_THAT(find(drawn, id).caption, HasSubstr("R = 3 runs an engine and load")) << id;
  }
}

TEST(Invalid, RowsHaveNoLineAndACrossInEveryFigureThatSaysSo) {
  auto study = sample({.engines = 1, .loads = 1});
  auto& detail = study.detail.begin()->second;
  detail.ttft.quantiles_ms.resize(6);  // ends before p90
  study.result.trials[0].verdict = record::Verdict::invalid;
  const auto set = make(study);
  for (const char* id :
       {"distribution-ttft-chat", "itl-histogram-chat", "ttft-prompt-chat", "strictness-chat"}) {
    const auto& figure = find(set, id);
    EXPECT_THAT(figure.caption, HasSubstr("Hollow and crossed: no valid run.")) << id;
    const auto& spec =
        figure.spec.contains("concat") ? figure.spec.at("concat").at(0) : figure.spec;
    std::size_t marks = 0;
    for (const auto& row : spec.at("data").at("values")) {
      EXPECT_TRUE(row.at("line").is_null()) << id;
      marks += row.value("mark", true) ? 1 : 0;
    }
    EXPECT_GE(marks, 1u) << id;
    EXPECT_EQ(spec.at("layer").at(0).at("encoding").at("y").at("field"), "line") << id;
    EXPECT_THAT(spec.at("layer").dump(), HasSubstr("datum.valid ? '' : '×'")) << id;
  }
}

TEST(Nines, LeaveTheZerosOfEveryLineOut) {
  auto study = sample({.engines = 2, .loads = 1});
  for (auto& [id, detail] : study.detail) detail.itl.quantiles_ms[0] = 0.0;
  const auto set = make(study);
  const auto& figure = find(set, "distribution-itl-chat");
  for (const auto& row : figure.spec.at("concat").at(0).at("data").at("values")) {
    EXPECT_GT(row.at("value").get<double>(), 0.0) << row.at("engine");
  }
  EXPECT_THAT(figure.caption, HasSubstr("such values are left out"));
}

TEST(Nines, HaveTheMedianOfTheRunsAtEachPercentile) {
  const auto set = make(sample({.engines = 1, .loads = 1}));
  const auto& rows =
      find(set, "distribution-ttft-chat").spec.at("concat").at(0).at("data").at("values");
  // 240 samples: p90 at step 12, and the last step with ten beyond is 16 (240 * 10^(-16/12)
  // = 11.1).
  ASSERT_EQ(rows.size(), 17u);
  EXPECT_EQ(rows[12].at("percentile"), "p90");
  EXPECT_DOUBLE_EQ(rows[12].at("x").get<double>(), 1.0);
  EXPECT_TRUE(rows[12].at("mark").get<bool>());
}

}  // namespace
}  // namespace tokamark::figures
