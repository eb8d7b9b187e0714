#include "study/arms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "study/plan.h"
#include "study/study.h"

namespace tokamark::study {
namespace {

using engine::Setting;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kStudy = R"(
model: {name: m}
settings: {context_tokens: 4096, max_sequences: 8}
arms:
  - {name: shipped, defaults: shipped}
  - {name: tuned, settings: {max_sequences: 16}, budget: two hours}
engines:
  - {name: a, kind: vllm, settings: {seed: 7}}
  - {name: b, kind: vllm, arms: [tuned], settings: {max_sequences: 32}}
workloads: [{name: w, input_tokens: 8, output_tokens: 8}]
load: {concurrency: 1}
)";

base::Result<Study> parsed(const std::string& yaml) { return parse_study(yaml, "s.yaml", ".", {}); }

std::string error_of(std::string yaml, const std::string& from, const std::string& to) {
  yaml.replace(yaml.find(from), from.size(), to);
  const auto study = parsed(yaml);
  return study.has_error() ? study.error().message : "no error";
}

TEST(Arms, EachEngineStandsInEachOfItsArms) {
  const auto study = parsed(kStudy);
  ASSERT_TRUE(study.has_value()) << study.error().message;
  std::vector<std::string> names;
  for (const auto& engine : study.value().engines) names.push_back(engine.name);
  EXPECT_THAT(names, ElementsAre("a.shipped", "a.tuned", "b"));
  EXPECT_EQ(study.value().engines[0].defaults, engine::Defaults::shipped);
  EXPECT_EQ(study.value().engines[1].defaults, engine::Defaults::neutral);
  EXPECT_EQ(study.value().engines[2].arm, "tuned");
}

TEST(Arms, TheNearerSettingWins) {
  const auto study = parsed(kStudy);
  ASSERT_TRUE(study.has_value());
  const auto& engines = study.value().engines;
  EXPECT_EQ(engines[0].settings.at(Setting::max_sequences), 8);
  EXPECT_EQ(engines[1].settings.at(Setting::max_sequences), 16);
  EXPECT_EQ(engines[2].settings.at(Setting::max_sequences), 32);
  EXPECT_EQ(engines[1].settings.at(Setting::context_tokens), 4096);
  EXPECT_EQ(engines[1].settings.at(Setting::seed), 7);
}

TEST(Arms, TheStudyAsJsonIsTheSameStudy) {
  const auto study = parsed(kStudy);
  ASSERT_TRUE(study.has_value());
  const auto json = to_json(study.value());
  const auto again = parsed(json.dump());
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(to_json(again.value()), json);
}

TEST(Arms, AnEnginesOwnNameChoosesAllOfItsArms) {
  const auto study = parsed(kStudy);
  ASSERT_TRUE(study.has_value());
  EXPECT_EQ(make_plan(study.value(), {"a"}).value().visits.size(), 2U);
  EXPECT_EQ(make_plan(study.value(), {"a.tuned"}).value().visits.size(), 1U);
  EXPECT_THAT(make_plan(study.value(), {"c"}).error().message,
              HasSubstr("It has: a.shipped, a.tuned and b"));
}

TEST(Arms, MistakesAreNamedWithTheirPlace) {
  EXPECT_THAT(
      error_of(kStudy, "arms: [tuned]", "arms: [tuned, none]"),
      HasSubstr("engine \"b\": its arms are tuned, none, and the study's are shipped, tuned"));
  EXPECT_THAT(error_of(kStudy, "name: b,", "name: a.tuned,"),
              HasSubstr("the name \"a.tuned\" is there twice"));
  EXPECT_THAT(error_of(kStudy, "name: tuned,", "name: shipped,"),
              HasSubstr("arms: the name \"shipped\" is there twice"));
  EXPECT_THAT(error_of(kStudy, "max_sequences: 8", "max_sequencs: 8"),
              HasSubstr("did you mean \"max_sequences\"?"));
  EXPECT_THAT(error_of(kStudy, "context_tokens: 4096", "gpu_memory_share: 1.5"),
              HasSubstr("s.yaml:3:"));
}

}  // namespace
}  // namespace tokamark::study
