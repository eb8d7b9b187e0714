#include <gtest/gtest.h>

#include "study/study.h"

namespace tokamark::study {
namespace {

base::Result<Study> with_client(const std::string& client) {
  return parse_study(
      "engines:\n"
      "  - {name: a, kind: openai, url: \"http://127.0.0.1:9361\"}\n"
      "workloads:\n"
      "  - {name: chat, input_tokens: 32, output_tokens: 32}\n"
      "load: {concurrency: [8]}\n"
      "client: " +
          client + "\n",
      "s.yaml", ".", {});
}

TEST(StudyClient, SaysWhereLoadThreadsStay) {
  EXPECT_EQ(with_client("{}").value().client.pin, ClientPin::automatic);
  EXPECT_EQ(with_client("{pin: auto}").value().client.pin, ClientPin::automatic);
  EXPECT_EQ(with_client("{pin: none}").value().client.pin, ClientPin::none);
  const Study study = with_client("{threads: 2, pin: [3, 2]}").value();
  EXPECT_EQ(study.client.pin, ClientPin::listed);
  EXPECT_EQ(study.client.cpus, (std::vector<int>{3, 2}));
  EXPECT_EQ(to_json(study)["client"]["pin"], nlohmann::json({3, 2}));
}

TEST(StudyClient, NeedsOneCoreForEachThreadWhenCoresAreListed) {
  for (const char* pin : {"[3]", "[3, 3]", "[1, 2, 3]"}) {
    const auto study = with_client(std::string("{threads: 2, pin: ") + pin + "}");
    ASSERT_FALSE(study.has_value()) << pin;
    EXPECT_NE(study.error().message.find("client.pin: expected 2 different"), std::string::npos)
        << study.error().message;
  }
}

TEST(StudyClient, RefusesAnotherWord) {
  const auto study = with_client("{pin: all}");
  ASSERT_FALSE(study.has_value());
  EXPECT_NE(study.error().message.find("auto"), std::string::npos) << study.error().message;
}

}  // namespace
}  // namespace tokamark::study
