#include <gtest/gtest.h>

#include "study/study.h"

namespace tokamark::study {
namespace {

constexpr const char* kStudy =
    "model: {name: m}\n"
    "engines:\n"
    "  - {name: a, kind: vllm}\n"
    "  - {name: b, kind: llama-cpp, args: [-t, 2]}\n"
    "workloads:\n"
    "  - {name: chat, input_tokens: 32, output_tokens: 32}\n"
    "load: {concurrency: [8]}\n";

Study changed(const std::vector<Override>& overrides) {
  auto study = parse_study(kStudy, "s.yaml", ".", overrides);
  EXPECT_TRUE(study.has_value()) << study.error().message;
  return std::move(study).value();
}

std::string mistake(const Override& change) {
  const auto study = parse_study(kStudy, "s.yaml", ".", {change});
  if (study.has_value()) return "no mistake";
  EXPECT_EQ(study.error().kind, base::ErrorKind::usage);
  return study.error().message;
}

TEST(Overrides, ReplaceValuesMakeMappingsAndReachIntoLists) {
  const Study study = changed({{"window.seconds", "4"},
                               {"engines.1.port", "9000"},
                               {"engines.1.args.1", "8"},
                               {"engines.0.env.VLLM_X.Y", "1"},
                               {"load.concurrency", "[1, 2]"},
                               {"slo", "{ttft_ms: 200}"}});
  EXPECT_EQ(study.window.seconds, 4.0);
  EXPECT_EQ(study.engines[1].port, 9000);
  EXPECT_EQ(study.engines[1].args, (std::vector<std::string>{"-t", "8"}));
  EXPECT_EQ(study.engines[0].env.at("VLLM_X.Y"), "1");
  ASSERT_EQ(study.loads.size(), 2U);
  EXPECT_EQ(study.loads[1].concurrency, 2U);
  EXPECT_EQ(study.slo.ttft_ms, 200.0);
}

TEST(Overrides, TheLaterOfTwoWins) {
  EXPECT_EQ(changed({{"repeats", "2"}, {"repeats", "3"}}).repeats, 3U);
}

TEST(Overrides, ReplaceALengthByAnotherForm) {
  const Study study = changed({{"workloads.0.input_tokens.uniform", "[8, 9]"}});
  EXPECT_EQ(study.workloads[0].input_tokens.kind, LengthSpec::Kind::uniform);
}

TEST(Overrides, NameTheNearestKeyOfAnUnknownPath) {
  EXPECT_EQ(mistake({"window.second", "4"}),
            "--set window.second=4: unknown key \"second\" in window; did you mean \"seconds\"? "
            "Known keys: max_seconds, probes, requests, seconds, warmup_requests, warmup_s");
  EXPECT_EQ(mistake({"", "4"}), "--set =4: a path is missing, as in --set window.seconds=4");
}

TEST(Overrides, RefusePathsThatLeadNowhere) {
  EXPECT_EQ(mistake({"engines.2.port", "1"}),
            "--set engines.2.port=1: engines has 2 items, numbered from 0; there is no 2");
  EXPECT_EQ(mistake({"engines.b.port", "1"}),
            "--set engines.b.port=1: engines is a list; name a position from 0, not \"b\"");
  EXPECT_EQ(mistake({"repeats.x", "1"}),
            "--set repeats.x=1: repeats holds one value; nothing lies below it");
}

TEST(Overrides, PointToThemselvesWhenTheirValueIsWrong) {
  EXPECT_EQ(mistake({"window.seconds", "abc"}),
            "--set window.seconds=abc: window.seconds: expected a number above 0 and up to 604800, "
            "found the text \"abc\"");
  EXPECT_EQ(mistake({"window", "{secondz: 4}"}).rfind("--set window={secondz: 4}: unknown key", 0),
            0U);
  EXPECT_EQ(mistake({"load", "[1"}).rfind("--set load=[1: not YAML: ", 0), 0U);
  EXPECT_EQ(mistake({"engines.0.args", "[], 1]"}),
            "--set engines.0.args=[], 1]: something follows the study here; a study is one YAML "
            "document");
  EXPECT_EQ(mistake({"repeats", "a\nb"}).find('\n'), std::string::npos);
}

}  // namespace
}  // namespace tokamark::study
