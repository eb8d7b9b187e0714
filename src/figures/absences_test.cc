#include "figures/absences.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "figures/figures.h"
#include "figures/sample_for_tests.h"

namespace tokamark::figures {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

/// Of "engine-2" at its only load.
detail::TrialDetail& second_detail(Sample& study) {
  return study.detail.at(study.result.trials.at(1).id);
}

TEST(Absences, AreGroupedByReasonAndCounted) {
  Absences absent;
  EXPECT_EQ(absent.text(), "");
  absent.add("a", "no raw\nrecords");
  absent.add("b", "");
  for (int i = 0; i < 8; ++i) absent.add("c", "no raw\nrecords");
  EXPECT_EQ(absent.text(),
            " Not shown: a, c, c, c, c, c and 3 more (no raw records); b (not recorded).");
}

TEST(Absences, NameEnginesThatHaveNothingAtTheLoad) {
  auto study = sample({.engines = 3, .loads = 1});
  study.detail.erase(study.result.trials[1].id);
  study.result.trials[2].load.concurrency = 512;  // and so at no other load
  study.detail.erase(study.result.trials[2].id);
  const auto set = make(study);
  for (const char* id : {"strictness-chat", "itl-histogram-chat", "ttft-prompt-chat",
                         "timeline-chat", "waterfall-chat", "tokens-chat", "client-chat"}) {
    EXPECT_THAT(find(set, id).caption,
                HasSubstr(" Not shown: engine-2 (no raw records); engine-3 (no trial at c=1)"))
        << id;
  }
}

TEST(Absences, NameEnginesWhoseWindowDidNotClose) {
  auto study = sample({.engines = 2, .loads = 1});
  auto& detail = second_detail(study);
  detail.timeline = {};
  detail.requests.clear();
  detail.slowest.clear();
  detail.median_request.reset();
  detail.goodput_at.clear();
  const auto set = make(study);
  for (const char* id : {"strictness-chat", "timeline-chat", "waterfall-chat", "tokens-chat"}) {
    EXPECT_THAT(find(set, id).caption,
                HasSubstr("Not shown: engine-2 (its window did not open and close)"))
        << id;
  }
  detail.timeline.step_s = 0.3;
  detail.requests.clear();
  detail.slowest.clear();
  detail.median_request.reset();
  const auto opened = make(study);
  EXPECT_THAT(find(opened, "waterfall-chat").caption,
              HasSubstr("engine-2 (no request was scheduled in the second half of its window)"));
  EXPECT_THAT(find(opened, "tokens-chat").caption,
              HasSubstr("engine-2 (no request was scheduled in its window)"));
}

TEST(Absences, NameLoadsAndEnginesWithoutATrial) {
  auto study = sample({.engines = 3, .loads = 2});
  study.result.trials.erase(study.result.trials.begin() + 3);  // engine-2 at c=2
  study.result.study["engines"].push_back({{"name", "dead"}});
  const auto set = make(study);
  for (const char* id :
       {"pareto-chat", "output-concurrency-chat", "ttft-concurrency-chat",
        "attainment-concurrency-chat", "distribution-ttft-chat", "percentiles-ttft-chat",
        "roofline-concurrency-chat", "asked-concurrency-chat"}) {
    EXPECT_THAT(find(set, id).caption, EndsWith(" No trial: engine-2 at c=2; dead.")) << id;
  }
  EXPECT_THAT(find(set, "timeline-chat").caption, HasSubstr("Not shown: dead (no trial at c=1)"));
  EXPECT_THAT(find(make(sample({.engines = 2})), "pareto-chat").caption,
              Not(HasSubstr("No trial")));
}

TEST(Gaps, OfAnEngineThatHasNoneHaveAReasonAndOuterBinsAreOpen) {
  auto study = sample({.engines = 2, .loads = 1});
  auto& detail = second_detail(study);
  detail.gap_counts = {};
  detail.itl = {0, {}, "2.50 tokens a chunk"};
  auto& first = study.detail.at(study.result.trials[0].id).gap_counts;
  first.front() = 3;
  auto set = make(study);
  const auto& figure = find(set, "itl-histogram-chat");
  EXPECT_THAT(figure.caption, HasSubstr("Not shown: engine-2 (2.50 tokens a chunk)."));
  EXPECT_THAT(figure.caption, HasSubstr("The first bin holds all shorter gaps too"));
  EXPECT_THAT(figure.caption, Not(HasSubstr("The last bin")));
  EXPECT_EQ(figure.spec.at("data").at("values").at(0).at("bin"), "0 to 0.013 ms");
  first.back() = 1;
  set = make(study);
  EXPECT_THAT(find(set, "itl-histogram-chat").caption, HasSubstr("The last bin holds all longer"));
  EXPECT_EQ(find(set, "itl-histogram-chat").spec.at("data").at("values").back().at("bin"),
            "79433 ms and more");
  first = {};
  EXPECT_THAT(make(study).left_out,
              Contains(HasSubstr("Gaps between tokens: chat (SIMULATED): no gap is known. Not "
                                 "shown: engine-1 (no request with two chunks succeeded); "
                                 "engine-2 (2.50 tokens a chunk).")));
}

TEST(PromptLengths, OfAnEngineThatDoesNotCountHaveAReason) {
  auto study = sample({.engines = 2, .loads = 1});
  second_detail(study).ttft_by_prompt.clear();
  second_detail(study).ttft_by_prompt_reason = "the server does not count prompt tokens";
  EXPECT_THAT(find(make(study), "ttft-prompt-chat").caption,
              EndsWith("Not shown: engine-2 (the server does not count prompt tokens)."));
}

TEST(Asked, NamesTheTrialsThatDoNotSay) {
  auto study = sample({.engines = 1, .loads = 2});
  study.result.trials[1].checks.in_flight_mean.reset();
  EXPECT_THAT(find(make(study), "asked-concurrency-chat").caption,
              EndsWith("Not shown: " + study.result.trials[1].id +
                       " (how many were in flight is not recorded)."));
}

TEST(Repeats, AreHeldAgainstValidRunsAlone) {
  auto study = sample({.engines = 3, .loads = 1, .repeats = 3});
  for (std::size_t i : {3, 4, 5, 7, 8}) study.result.trials[i].verdict = record::Verdict::invalid;
  study.result.trials[1].metrics.ttft_ms.p50.reset();
  study.result.trials[1].metrics.ttft_ms.reasons["p50"] = "falls on failed requests";
  const auto set = make(study);
  const auto& figure = find(set, "repeats-chat");
  for (const auto& panel : figure.spec.at("concat")) {
    for (const auto& row : panel.at("data").at("values")) EXPECT_EQ(row.at("engine"), "engine-1");
  }
  EXPECT_THAT(
      figure.caption,
      EndsWith("Not shown: engine-2 (no valid run); engine-3 (one valid run); TTFT p50 of " +
               study.result.trials[1].id + " (falls on failed requests)."));
}

TEST(Forest, NamesThePairsWithoutARatio) {
  auto study = sample({.engines = 2, .loads = 1});
  const json load{{"kind", "closed"}, {"concurrency", 1}};
  const json known{{"workload", "chat"},        {"load", load},    {"metric", "ttft_p50_ms"},
                   {"a", "engine-1"},           {"b", "engine-2"}, {"primary", true},
                   {"verdict", "not_resolved"}, {"ratio", 1.1},    {"reason", "one block"}};
  auto unknown = known;
  unknown.update({{"metric", "tpot_p50_ms"}, {"ratio", nullptr}, {"reason", "r1 is invalid"}});
  auto other = unknown;
  other["metric"] = "output_tokens_per_s";
  study.result.comparisons = {known, unknown, other};
  const auto set = make(study);
  const auto& figure = find(set, "ratios-chat");
  EXPECT_EQ(figure.spec.at("data").at("values").size(), 1u);
  EXPECT_THAT(figure.caption, EndsWith("Not shown: TPOT p50 and output tokens/s of engine-1 / "
                                       "engine-2 at c=1 (r1 is invalid)."));
  study.result.comparisons = {unknown};
  EXPECT_THAT(make(study).left_out, Contains(EndsWith("(r1 is invalid).")));
}

/// The pieces of an engine's bar, in GiB.
std::vector<std::pair<std::string, double>> pieces(const Sample& study, const std::string& name) {
  std::vector<std::pair<std::string, double>> found;
  const auto set = make(study);
  for (const auto& row : find(set, "memory-chat").spec.at("data").at("values")) {
    if (row.at("name") != name) continue;
    found.emplace_back(row.at("part"), row.at("to").get<double>() - row.at("from").get<double>());
  }
  return found;
}

using Pieces = std::vector<std::pair<std::string, double>>;

TEST(Memory, OfAStageAfterAnUnknownOneIsNotToldApart) {
  auto study = sample({.engines = 2, .loads = 1});
  auto& resources = study.result.trials[1].resources;
  EXPECT_EQ(pieces(study, "engine-2"),
            (Pieces{{"before the start", 1}, {"engine loaded", 59}, {"warm-up", 2}, {"load", 3}}));
  EXPECT_THAT(find(make(study), "memory-chat").spec.dump(), Not(HasSubstr("not told apart")));
  resources.vram_idle_bytes.reset();  // a server that ran before
  EXPECT_EQ(pieces(study, "engine-2"),
            (Pieces{{"not told apart", 60}, {"warm-up", 2}, {"load", 3}}));
  EXPECT_THAT(find(make(study), "memory-chat").caption,
              HasSubstr("Not told apart: the memory at a stage before it is not known."));
  resources.vram_warmed_bytes.reset();
  EXPECT_EQ(pieces(study, "engine-2"), (Pieces{{"not told apart", 60}, {"not told apart", 5}}));
}

TEST(Memory, OfAnotherKindOrUnknownIsNamed) {
  auto study = sample({.engines = 3, .loads = 1});
  for (auto& trial : study.result.trials) trial.resources.vram_peak_kind = "reservation";
  auto& second = study.result.trials[1].resources;
  second.vram_peak_bytes.reset();
  second.rss_loaded_bytes = std::int64_t{2} << 30;
  second.rss_peak_bytes = std::int64_t{3} << 30;
  auto& third = study.result.trials[2].resources;
  third.vram_peak_bytes.reset();
  third.rss_peak_bytes.reset();
  third.reasons["rss_peak_bytes"] = "another host";
  study.result.trials[0].resources.rss_peak_bytes.reset();
  study.result.trials[0].resources.reasons["rss_peak_bytes"] = "attached";
  EXPECT_THAT(find(make(study), "memory-chat").caption,
              EndsWith("Not shown: engine-1 (attached); engine-3 (another host)."));
  const auto caption = find(make(study), "memory-chat").caption;
  EXPECT_THAT(caption, HasSubstr("Host memory of one run"));
  EXPECT_THAT(caption, Not(HasSubstr("reservation")));
}

}  // namespace
}  // namespace tokamark::figures
