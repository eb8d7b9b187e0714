// The studies that come with the source, and the documentation's list of keys.
#include <gtest/gtest.h>

#include <functional>

#include "base/files.h"
#include "study/plan.h"
#include "study/rules.h"

namespace tokamark::study {
namespace {

namespace fs = std::filesystem;

TEST(Studies, AllParseAndMakeSchedules) {
  int count = 0;
  for (const auto& entry : fs::directory_iterator(TOKAMARK_SOURCE_DIR "/studies")) {
    if (entry.path().extension() != ".yaml") continue;
    ++count;
    const auto study = load_study(entry.path(), {});
    ASSERT_TRUE(study.has_value()) << study.error().message;
    EXPECT_EQ(study.value().name, entry.path().stem().string());
    const auto plan = make_plan(study.value(), {});
    ASSERT_TRUE(plan.has_value()) << plan.error().message;
    for (const PlannedTrial& trial : plan.value().visits[0].trials) {
      const auto schedule = make_schedule(study.value(), trial);
      ASSERT_TRUE(schedule.has_value()) << schedule.error().message;
    }
  }
  EXPECT_GE(count, 4);
}

TEST(Studies, TheScoutStudiesShareModelLoadsAndPrompts) {
  const auto real = load_study(TOKAMARK_SOURCE_DIR "/studies/llama4-scout-h200.yaml", {});
  const auto simulated =
      load_study(TOKAMARK_SOURCE_DIR "/studies/llama4-scout-h200.simulated.yaml", {});
  ASSERT_TRUE(real.has_value() && simulated.has_value());
  EXPECT_EQ(real.value().model.name, simulated.value().model.name);
  EXPECT_EQ(to_json(real.value())["load"], to_json(simulated.value())["load"]);
  EXPECT_EQ(to_json(real.value())["workloads"], to_json(simulated.value())["workloads"]);
  // Three engines in two arms each.
  ASSERT_EQ(real.value().engines.size(), 6U);
  EXPECT_EQ(real.value().engines[0].port, 8010);
  EXPECT_EQ(real.value().engines[2].port, 8020);
  EXPECT_EQ(real.value().engines[4].port, 8030);
}

TEST(StudyFileDocument, NamesEveryKeyOfTheParser) {
  const auto text =
      base::read_file(TOKAMARK_SOURCE_DIR "/docs/STUDY_FILE.md", base::ErrorKind::study);
  ASSERT_TRUE(text.has_value()) << text.error().message;
  const std::function<void(const MappingRule&)> look = [&](const MappingRule& rules) {
    for (const KeyRule& key : rules.keys) {
      EXPECT_NE(text.value().find("`" + key.name + "`"), std::string::npos)
          << "docs/STUDY_FILE.md does not describe `" << key.name << "`";
      for (const ValueRule& form : key.forms) {
        const ValueRule& inner = form.shape == Shape::list ? *form.item : form;
        if (inner.shape == Shape::mapping) look(*inner.mapping);
      }
    }
  };
  look(study_rules());
}

}  // namespace
}  // namespace tokamark::study
