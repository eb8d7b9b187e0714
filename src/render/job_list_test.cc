#include "render/job_list.h"

#include <gtest/gtest.h>

namespace tokamark::render {
namespace {

TEST(JobList, HasDefaults) {
  const auto list = read_job_list(R"({"jobs": [{"spec": {}}]})");
  ASSERT_TRUE(list.has_value()) << list.error().message;
  ASSERT_EQ(list.value().jobs.size(), 1U);
  const auto& job = list.value().jobs[0];
  EXPECT_EQ(job.name, "jobs[0]");
  EXPECT_EQ(job.target, "col2");
  EXPECT_TRUE(job.theme.is_null());
  EXPECT_EQ(job.png_dpi, 300.0);
}

TEST(JobList, NamesWhatIsWrong) {
  const auto message = [](const char* text) { return read_job_list(text).error().message; };
  EXPECT_EQ(message("x"), "jobs: standard input is no JSON object");
  EXPECT_EQ(message(R"({"jobs": [{}]})"), "jobs: jobs[0] needs a spec or a file");
  EXPECT_EQ(message(R"({"jobs": [{"spec": {}, "target": "col3"}]})"),
            "jobs: jobs[0].target must be col1, col2 or web");
  EXPECT_EQ(message(R"({"jobs": [{"spec": {}, "outputs": [{"format": "gif", "path": "a"}]}]})"),
            "jobs: jobs[0].outputs.format must be svg, pdf or png");
  EXPECT_EQ(message(R"({"jobs": [{"spec": {}, "png_dpi": 1}]})"),
            "jobs: jobs[0].png_dpi must be between 10 and 2400");
  EXPECT_EQ(message(R"({"jobs": [{"spec": {}, "theme": "paper"}]})"),
            "jobs: jobs[0].theme must be a Vega-Lite config object");
  EXPECT_NE(message(R"({"jobs": [{"spec": {}, "name": 3}]})").find("type"), std::string::npos);
}

}  // namespace
}  // namespace tokamark::render
