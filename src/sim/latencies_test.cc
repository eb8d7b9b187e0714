#include "sim/latencies.h"

#include <gtest/gtest.h>

namespace tokamark::sim {
namespace {

using std::chrono::milliseconds;

TEST(Latencies, AreWrittenAsCumulativeBuckets) {
  LatencyHistogram histogram({0.1, 0.5});
  histogram.observe(milliseconds(50));
  histogram.observe(milliseconds(100));  // a bound belongs to its bucket
  histogram.observe(milliseconds(200));
  histogram.observe(milliseconds(900));
  std::string page;
  histogram.append("x_seconds", "Help.", "{engine=\"0\"}", page);
  EXPECT_EQ(page,
            "# HELP x_seconds Help.\n# TYPE x_seconds histogram\n"
            "x_seconds_bucket{engine=\"0\",le=\"0.1\"} 2.0\n"
            "x_seconds_bucket{engine=\"0\",le=\"0.5\"} 3.0\n"
            "x_seconds_bucket{engine=\"0\",le=\"+Inf\"} 4.0\n"
            "x_seconds_count{engine=\"0\"} 4.0\nx_seconds_sum{engine=\"0\"} 1.25\n");
}

TEST(Latencies, OfAnEngineWithoutHistogramsAreNotWritten) {
  Latencies none(DialectKind::llama_cpp);
  none.ttft.observe(milliseconds(1));
  std::string page;
  none.ttft.append("x", "Help.", "{engine=\"0\"}", page);
  EXPECT_TRUE(page.empty());
}

}  // namespace
}  // namespace tokamark::sim
