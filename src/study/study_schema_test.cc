#include <gtest/gtest.h>

#include <cstdlib>

#include "base/files.h"
#include "study/rules.h"
#include "study/study.h"

namespace tokamark::study {
namespace {

TEST(StudySchema, IsWhatTheDocumentationHolds) {
  const std::string file = TOKAMARK_SOURCE_DIR "/docs/study.schema.json";
  if (std::getenv("TOKAMARK_APPROVE") != nullptr) {
    ASSERT_TRUE(base::write_file_atomic(file, study_schema().dump(2) + "\n").has_value());
  }
  const auto text = base::read_file(file, base::ErrorKind::study);
  ASSERT_TRUE(text.has_value()) << text.error().message;
  EXPECT_EQ(text.value(), study_schema().dump(2) + "\n")
      << "if the change is wanted: TOKAMARK_APPROVE=1 and run again";
}

TEST(StudySchema, DescribesEveryKeyOfTheParser) {
  const nlohmann::json schema = study_schema();
  for (const KeyRule& key : study_rules().keys) {
    ASSERT_TRUE(schema["properties"].contains(key.name)) << key.name;
    EXPECT_FALSE(schema["properties"][key.name]["description"].get<std::string>().empty());
  }
  EXPECT_EQ(schema["properties"].size(), study_rules().keys.size());
  EXPECT_EQ(schema["additionalProperties"], false);
  EXPECT_EQ(schema["required"], nlohmann::json({"engines", "workloads", "load"}));
}

TEST(StudySchema, StatesRangesChoicesAndConditions) {
  const nlohmann::json schema = study_schema();
  const nlohmann::json& seconds = schema["properties"]["window"]["properties"]["seconds"];
  EXPECT_EQ(seconds["exclusiveMinimum"], 0);
  EXPECT_EQ(seconds["maximum"], 604800);
  EXPECT_EQ(seconds["default"], 60.0);
  const nlohmann::json& engine = schema["properties"]["engines"]["items"];
  EXPECT_EQ(engine["properties"]["api"]["enum"], nlohmann::json({"chat", "completions"}));
  EXPECT_EQ(engine["allOf"][0]["then"]["required"], nlohmann::json({"url"}));
  EXPECT_EQ(schema["properties"]["load"]["oneOf"].size(), 2U);
}

}  // namespace
}  // namespace tokamark::study
