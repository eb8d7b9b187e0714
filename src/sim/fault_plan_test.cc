#include "sim/fault_plan.h"

#include <gtest/gtest.h>

namespace tokamark::sim {
namespace {

using std::chrono::milliseconds;

FaultSpec spec(std::string_view text) { return parse_fault(text).value(); }

std::vector<bool> struck_by(const FaultPlan& plan) {
  std::vector<bool> struck;
  for (std::uint64_t number = 1; number <= 200; ++number) {
    struck.push_back(plan.of_request(number).unanswered == Struck::yes);
  }
  return struck;
}

TEST(FaultPlan, SameSeedStrikesTheSameRequestsWhateverElseIsPlanted) {
  const FaultSpec half = spec("half_open:share=0.5");
  const FaultSpec other = spec("no_done:share=0.5");
  const std::vector<bool> struck = struck_by(FaultPlan({half}, 7));
  EXPECT_EQ(struck, struck_by(FaultPlan({half}, 7)));
  EXPECT_EQ(struck, struck_by(FaultPlan({other, half}, 7)));
  EXPECT_NE(struck, struck_by(FaultPlan({half}, 8)));
}

TEST(FaultPlan, FaultsAddUp) {
  const FaultPlan plan({spec("bundle:tokens=3"), spec("no_done"), spec("wrong_usage:factor=2")}, 1);
  const RequestFaults faults = plan.of_request(1);
  EXPECT_EQ(faults.tokens_per_event, 3);
  EXPECT_EQ(faults.no_done, Struck::yes);
  EXPECT_EQ(faults.usage_factor, 2);
}

TEST(FaultPlan, DropsNoMoreThanTheShareWhileLatenciesRise) {
  FaultPlan plan;
  int dropped = 0;
  for (int i = 1; i <= 200; ++i) {
    if (plan.among_slowest(milliseconds{i}, 0.05) == Struck::yes) dropped += 1;
  }
  EXPECT_EQ(dropped, 10);
}

TEST(FaultPlan, DropsNoneWhenAllAreAlike) {
  FaultPlan plan;
  for (int i = 1; i <= 200; ++i) {
    EXPECT_EQ(plan.among_slowest(milliseconds{5}, 0.05), Struck::no);
  }
}

}  // namespace
}  // namespace tokamark::sim
