#include "comparison/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokamark::comparison {
namespace {

using testing::HasSubstr;

GateState state(const std::string& gate, double low, double high) {
  Comparison comparison;
  comparison.interval = stats::Interval{low, high};
  return check(parse_gate(gate).value(), comparison);
}

TEST(Gate, IsReadAsWritten) {
  const Gate gate = parse_gate("tpot_p99_ms > +5%").value();
  EXPECT_EQ(gate.metric->name, "tpot_p99_ms");
  EXPECT_TRUE(gate.above);
  EXPECT_DOUBLE_EQ(gate.limit, 0.05);
  EXPECT_DOUBLE_EQ(parse_gate("output_tokens_per_s<-2.5 %").value().limit, -0.025);
}

TEST(Gate, RefusesWhatItDoesNotUnderstand) {
  for (const char* text : {"", "tpot_p99_ms", "tpot_p99_ms > 5", "tpot_p99_ms >= 5%", "> 5%"}) {
    const auto gate = parse_gate(text);
    ASSERT_FALSE(gate.has_value()) << text;
    EXPECT_EQ(gate.error().kind, base::ErrorKind::usage);
    EXPECT_THAT(gate.error().message, HasSubstr("'tpot_p99_ms > +5%'"));
  }
  EXPECT_THAT(parse_gate("tpot > 5%").error().message, HasSubstr("there are ttft_p50_ms, "));
}

TEST(Gate, FailsOnlyWhereTheWholeIntervalIsBeyond) {
  EXPECT_EQ(state("ttft_p50_ms > +5%", 1.06, 1.10), GateState::failed);
  EXPECT_EQ(state("ttft_p50_ms > +5%", 1.03, 1.10), GateState::undecided);
  EXPECT_EQ(state("ttft_p50_ms > +5%", 0.90, 1.05), GateState::passed);
  EXPECT_EQ(state("output_tokens_per_s < -3%", 0.90, 0.96), GateState::failed);
  EXPECT_EQ(state("output_tokens_per_s < -3%", 0.90, 0.98), GateState::undecided);
  EXPECT_EQ(state("output_tokens_per_s < -3%", 0.97, 1.50), GateState::passed);
}

TEST(Gate, KnowsNothingWithoutAnIntervalOrEqualWork) {
  const Gate gate = parse_gate("ttft_p50_ms > +5%").value();
  EXPECT_EQ(check(gate, {}), GateState::unknown);
  Comparison comparison;
  comparison.interval = stats::Interval{0.9, 1.0};
  comparison.refused = true;
  EXPECT_EQ(check(gate, comparison), GateState::unknown);
}

}  // namespace
}  // namespace tokamark::comparison
