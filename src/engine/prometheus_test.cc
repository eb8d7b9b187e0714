#include "engine/prometheus.h"

#include <gtest/gtest.h>

#include <cmath>

namespace tokamark::engine {
namespace {

TEST(Prometheus, ReadsNamesLabelsValuesTypesAndTimestamps) {
  const auto page = parse_prometheus(
      "# HELP a_total How many.\n"
      "# TYPE a_total counter\n"
      "a_total{engine=\"0\",model=\"x\"} 3.0\n"
      "b 1e+06 1395066363000\n"
      "c{} -2.5\r\n"
      "\n"
      "# a comment\n"
      "  d\t7");
  ASSERT_TRUE(page.has_value()) << page.error().message;
  const auto& samples = page.value().samples;
  ASSERT_EQ(samples.size(), 4U);
  EXPECT_EQ(samples[0].name, "a_total");
  EXPECT_EQ(samples[0].labels,
            (std::map<std::string, std::string>{{"engine", "0"}, {"model", "x"}}));
  EXPECT_DOUBLE_EQ(samples[0].value, 3.0);
  EXPECT_FALSE(samples[0].timestamp_ms.has_value());
  EXPECT_DOUBLE_EQ(samples[1].value, 1e6);
  EXPECT_EQ(samples[1].timestamp_ms, 1395066363000);
  EXPECT_DOUBLE_EQ(samples[2].value, -2.5);
  EXPECT_DOUBLE_EQ(samples[3].value, 7.0);
  EXPECT_EQ(page.value().types.at("a_total"), "counter");
}

// The example of the format's documentation, with its escapes, infinity, NaN and histogram.
TEST(Prometheus, ReadsTheDocumentedExample) {
  const auto page = parse_prometheus(
      "msdos_file_access_time_seconds{path=\"C:\\\\DIR\\\\FILE.TXT\",error=\"Cannot find "
      "file:\\n\\\"FILE.TXT\\\"\"} 1.458255915e9\n"
      "metric_without_timestamp_and_labels 12.47\n"
      "something_weird{problem=\"division by zero\"} +Inf -3982045\n"
      "# TYPE http_request_duration_seconds histogram\n"
      "http_request_duration_seconds_bucket{le=\"0.05\"} 24054\n"
      "http_request_duration_seconds_bucket{le=\"+Inf\"} 144320\n"
      "http_request_duration_seconds_sum 53423\n"
      "rpc_duration_seconds{quantile=\"0.01\",} NaN\n");
  ASSERT_TRUE(page.has_value()) << page.error().message;
  const auto& samples = page.value().samples;
  ASSERT_EQ(samples.size(), 7U);
  EXPECT_EQ(samples[0].labels.at("path"), "C:\\DIR\\FILE.TXT");
  EXPECT_EQ(samples[0].labels.at("error"), "Cannot find file:\n\"FILE.TXT\"");
  EXPECT_TRUE(std::isinf(samples[2].value));
  EXPECT_EQ(samples[2].timestamp_ms, -3982045);
  EXPECT_EQ(samples[4].labels.at("le"), "+Inf");
  EXPECT_TRUE(std::isnan(samples[6].value));
  EXPECT_EQ(page.value().types.at("http_request_duration_seconds"), "histogram");
}

TEST(Prometheus, AcceptsOpenMetricsExemplarsAndEndMark) {
  const auto page = parse_prometheus(
      "x_bucket{le=\"1\"} 5 # {trace=\"abc\"} 0.67 1.5\ny 1 1520879607.789\n# EOF\n");
  ASSERT_TRUE(page.has_value()) << page.error().message;
  EXPECT_DOUBLE_EQ(page.value().samples[0].value, 5.0);
  EXPECT_EQ(page.value().samples[1].timestamp_ms, 1520879607789);
}

TEST(Prometheus, SumsOverLabelSetsAndNeverInventsAZero) {
  const auto page =
      parse_prometheus("a{e=\"0\"} 1\na{e=\"1\"} 2\nb 4\nbad{x=\"1\"} NaN\nbad{x=\"2\"} 1\n")
          .value();
  EXPECT_DOUBLE_EQ(page.sum("a").value(), 3.0);
  EXPECT_DOUBLE_EQ(page.mean("a").value(), 1.5);
  EXPECT_FALSE(page.sum("missing").has_value());
  EXPECT_FALSE(page.mean("missing").has_value());
  EXPECT_FALSE(page.sum("bad").has_value());
}

TEST(Prometheus, NamesTheLineThatIsMalformed) {
  for (const char* bad : {"{a=\"1\"} 1", "a{b=1} 1", "a{b=\"1} 1", "a{b=\"1\" c=\"2\"} 1", "a",
                          "a x", "a 1 nope", "9a 1", "a{b=\"\\", "[{\"iter\":1}]"}) {
    const auto page = parse_prometheus(std::string("fine 1\n") + bad);
    ASSERT_TRUE(page.has_error()) << bad;
    EXPECT_EQ(page.error().kind, base::ErrorKind::network);
    EXPECT_NE(page.error().message.find("line 2"), std::string::npos) << page.error().message;
  }
}

}  // namespace
}  // namespace tokamark::engine
