#include "advice/pair_row.h"

#include <gtest/gtest.h>

#include "advice/sample_for_tests.h"

namespace tokamark::advice {
namespace {

record::StudyResult with(nlohmann::json comparisons) {
  record::StudyResult result;
  result.comparisons = std::move(comparisons);
  return result;
}

TEST(PairRows, ReadAnEntry) {
  const auto rows = pair_rows(with({pair_entry({})}));
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].verdict, PairVerdict::different);
  EXPECT_EQ(rows[0].blocks, 9U);
  EXPECT_EQ(rows[0].other("b"), "a");
  EXPECT_EQ(rows[0].other("c"), "");
  EXPECT_EQ(reference(rows[0]), "comparisons: ttft_p99_ms chat c=8 a/b");
}

TEST(PairRows, DoNotBelieveADifferenceWithoutItsNumbers) {
  for (const char* key : {"ratio", "low", "high", "better"}) {
    auto entry = pair_entry({});
    entry[key] = nullptr;
    const auto rows = pair_rows(with({entry}));
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].verdict, PairVerdict::not_resolved) << key;
    EXPECT_EQ(rows[0].better, "") << key;
  }
  auto stranger = pair_entry({});
  stranger["better"] = "c";
  EXPECT_EQ(pair_rows(with({stranger}))[0].verdict, PairVerdict::not_resolved);
}

TEST(PairRows, LeaveOutWhatIsNoEntry) {
  auto no_load = pair_entry({});
  no_load["load"] = "c=8";
  auto same = pair_entry({});
  same["b"] = "a";
  EXPECT_TRUE(pair_rows(with({1, nullptr, nlohmann::json::object(), no_load, same})).empty());
  EXPECT_TRUE(pair_rows(with("text")).empty());
}

}  // namespace
}  // namespace tokamark::advice
