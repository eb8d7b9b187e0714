#include "engine/failure_advice.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "engine/failure_logs_for_tests.h"
#include "engine/startup_phases.h"

namespace tokamark::engine {
namespace {

/// The name of the first pattern whose text is in the log; empty when none is.
std::string first_pattern(std::string_view log) {
  for (const FailurePattern& pattern : failure_patterns()) {
    if (log.find(pattern.text) != std::string_view::npos) return pattern.name;
  }
  return {};
}

TEST(FailureAdvice, EveryPatternHasALog) {
  std::set<std::string> logged;
  for (const KnownLog& log : failure_logs()) logged.insert(log.name);
  std::set<std::string> names;
  for (const FailurePattern& pattern : failure_patterns()) {
    EXPECT_TRUE(names.insert(pattern.name).second) << pattern.name << " is there twice";
  }
  EXPECT_EQ(names, logged);
}

TEST(FailureAdvice, EveryLogGetsTheAdviceOfItsPattern) {
  std::map<std::string, std::string> advice;
  for (const FailurePattern& pattern : failure_patterns()) advice[pattern.name] = pattern.advice;
  for (const KnownLog& log : failure_logs()) {
    EXPECT_EQ(first_pattern(log.text), log.name) << log.from;
    EXPECT_EQ(failure_advice(log.text), advice[log.name]) << log.from;
  }
}

TEST(FailureAdvice, NoPatternMatchesAHealthyStart) {
  EXPECT_EQ(failure_advice("INFO: Application startup complete.\nGET /health 200 OK\n"), "");
  for (const KnownLog& log : logs_without_advice()) {
    EXPECT_EQ(first_pattern(log.text), "") << log.name << ", " << log.from;
  }
}

/// The lines of vLLM 0.32 (a run) and of SGLang (its source).
TEST(StartupPhases, AreReadFromTheLog) {
  const auto vllm = startup_phases(
      "(Worker pid=23393) INFO 11-24 22:44:52 [default_loader.py:501] Loading weights took 0.39 "
      "seconds\n"
      "(EngineCore pid=22542) INFO 11-24 22:44:56 [core.py:402] init engine (profile, create kv "
      "cache, warmup model) took 2.75 s\n");
  EXPECT_EQ(vllm, (std::map<std::string, double>{{"weights", 0.39}, {"engine", 2.75}}));
  const auto sglang = startup_phases(
      "Load weight end. elapsed=6.20 s, type=Llama4\nCapture cuda graph end. Time elapsed: 5.43 "
      "s.");
  EXPECT_EQ(sglang, (std::map<std::string, double>{{"weights", 6.2}, {"graphs", 5.43}}));
  const auto newer = startup_phases(
      "Load weight end. elapsed=6.20 s, type=Llama4\nCapture target decode CUDA graph end. bs=[1, "
      "2], "
      "elapsed=5.40 s, mem usage=0.90 GB.");  // 0.5.23
  EXPECT_EQ(newer, (std::map<std::string, double>{{"weights", 6.2}, {"graphs", 5.4}}));
  EXPECT_TRUE(startup_phases("nothing of the kind").empty());
}

}  // namespace
}  // namespace tokamark::engine
