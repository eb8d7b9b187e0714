#include "report/citation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "report/method.h"
#include "report/sample_for_tests.h"

namespace tokamark::report {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(Citation, NamesStudyDayVersionAndDigest) {
  auto result = sample_study();
  result.manifest["tokamark"] = {{"version", "9.9"}};
  const auto text = citation_bibtex(result);
  EXPECT_THAT(text, StartsWith("@misc{tokamark-sample-" + data_digest(result).substr(0, 8) + ","));
  EXPECT_THAT(text, HasSubstr("title = {{sample: made-up (SIMULATED)}}"));
  EXPECT_THAT(text, HasSubstr("year = {2026}"));
  EXPECT_THAT(text, HasSubstr("note = {SIMULATED, not measured on hardware. Measured with "
                              "tokamark 9.9, methodology version 1 on 2026-01-02; data SHA-256 "));
  EXPECT_THAT(citation_text(result), StartsWith("sample: made-up (SIMULATED). "));
}

TEST(Citation, OtherNumbersHaveAnotherDigest) {
  auto result = sample_study();
  const auto before = data_digest(result);
  EXPECT_EQ(before, data_digest(sample_study()));
  result.trials[0].metrics.output_tokens_per_s = 101.0;
  EXPECT_NE(data_digest(result), before);
}

TEST(Citation, HostileNamesStayText) {
  auto result = sample_study();
  result.study["name"] = "x}, note = {\\input{/etc/passwd}} %";
  const auto text = citation_bibtex(result);
  EXPECT_THAT(text, Not(HasSubstr("\\input")));
  EXPECT_THAT(text,
              HasSubstr("x\\textbraceright{}, note = \\textbraceleft{}\\textbackslash{}input"));
}

TEST(Citation, BracesStayBalancedWhateverTheNameHolds) {
  auto result = sample_study();
  result.study["model"]["name"] = "x}}, note = {fake";
  const auto text = citation_bibtex(result);
  EXPECT_EQ(std::count(text.begin(), text.end(), '{'), std::count(text.begin(), text.end(), '}'));
  EXPECT_THAT(text, Not(HasSubstr("note = {fake")));
}

TEST(MethodTable, SaysWhatIsNotRecorded) {
  const auto table = method_table(sample_study());
  ASSERT_EQ(table.columns.size(), 2U);
  EXPECT_EQ(table.rows[1].cells[1].text, "2026-01-02T03:04:05Z");
  EXPECT_EQ(table.rows[2].cells[1].text, "not recorded");
}

TEST(MethodTable, HasAColumnForEachResultThatWasPutTogether) {
  auto result = sample_study();
  result.manifest["put_together"] = {
      {{"label", "old"}, {"study", {{"name", "x"}}}, {"manifest", nlohmann::json::object()}},
      {{"label", "new"},
       {"study", {{"name", "y"}}},
       {"manifest", {{"engines", {{"vllm", {{"version", "1.0"}}}}}}}}};
  const auto table = method_table(result);
  ASSERT_EQ(table.columns.size(), 3U);
  EXPECT_EQ(table.rows[0].cells[1].text, "x");
  EXPECT_EQ(table.rows[0].cells[2].text, "y");
  const auto& engine = table.rows[table.rows.size() - 2];
  EXPECT_EQ(engine.cells[0].text, "Engine vllm");
  EXPECT_EQ(engine.cells[1].text, "not measured");
  EXPECT_EQ(engine.cells[2].text, "1.0");
}

}  // namespace
}  // namespace tokamark::report
