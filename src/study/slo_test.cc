#include <gtest/gtest.h>

#include "study/study.h"

namespace tokamark::study {
namespace {

TEST(Slo, ReadsEveryLimit) {
  const auto slo = parse_slo("ttft_ms <= 200, tpot_ms<=50.5 ,e2e_ms <= 1e4");
  ASSERT_TRUE(slo.has_value());
  EXPECT_EQ(slo.value().ttft_ms, 200.0);
  EXPECT_EQ(slo.value().tpot_ms, 50.5);
  EXPECT_EQ(slo.value().e2e_ms, 10000.0);
}

TEST(Slo, LeavesOutWhatIsNotNamed) {
  const auto slo = parse_slo("e2e_ms <= 3");
  ASSERT_TRUE(slo.has_value());
  EXPECT_FALSE(slo.value().ttft_ms.has_value());
  EXPECT_FALSE(slo.value().empty());
}

TEST(Slo, RefusesAnythingElseAndShowsTheForm) {
  for (const char* text :
       {"", "ttft_ms", "ttft_ms < 3", "ttft_ms <= x", "ttft_ms <= -1", "ttft_ms <= 0",
        "ttft_ms <= 1, ttft_ms <= 2", "ttft_ms <= 1,", "ttft_ms <= inf", "ttft_ms <= 1 ms"}) {
    const auto slo = parse_slo(text);
    ASSERT_FALSE(slo.has_value()) << text;
    EXPECT_EQ(slo.error().kind, base::ErrorKind::usage);
    EXPECT_NE(slo.error().message.find("write it as"), std::string::npos);
  }
}

TEST(Slo, ListsTheMetricsForAnUnknownOne) {
  EXPECT_EQ(parse_slo("ttft <= 200").error().message,
            "--slo: unknown metric \"ttft\"; known: ttft_ms, tpot_ms, e2e_ms; write it as "
            "\"ttft_ms <= 200, tpot_ms <= 50\"");
}

}  // namespace
}  // namespace tokamark::study
