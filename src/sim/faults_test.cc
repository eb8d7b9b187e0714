#include "sim/faults.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokamark::sim {
namespace {

using testing::HasSubstr;

std::string refusal(std::string_view text) {
  const auto parsed = parse_fault(text);
  return parsed ? "accepted" : parsed.error().message;
}

TEST(ParseFault, ReadsNameAndKeysAndFillsInDefaults) {
  const auto parsed = parse_fault("status:code=503,share=0.25");
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
  EXPECT_EQ(parsed.value().kind, FaultKind::status);
  EXPECT_EQ(parsed.value().whole("code"), 503);
  EXPECT_EQ(parsed.value().value("share"), 0.25);
  EXPECT_EQ(parsed.value().whole("skip"), 0);
}

TEST(ParseFault, NameAloneIsEnoughWhereEveryKeyHasADefault) {
  const auto parsed = parse_fault("drop_slowest");
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
  EXPECT_EQ(parsed.value().value("share"), 0.05);
}

TEST(ParseFault, UnknownNameListsTheNearest) {
  EXPECT_THAT(refusal("stal"), HasSubstr("no fault is named 'stal'; the nearest are stall"));
}

TEST(ParseFault, UnknownKeyListsTheKeys) {
  EXPECT_THAT(refusal("bundle:size=2"),
              HasSubstr("no key 'size'; its keys are: tokens, share (default 1)"));
}

TEST(ParseFault, MissingKeyIsNamed) {
  EXPECT_THAT(refusal("stall:seconds=1"), HasSubstr("needs every=NUMBER"));
}

TEST(ParseFault, ValuesOutOfRangeAreRefused) {
  EXPECT_THAT(refusal("bundle:tokens=0"), HasSubstr("whole number from 1"));
  EXPECT_THAT(refusal("bundle:tokens=1.5"), HasSubstr("whole number"));
  EXPECT_THAT(refusal("bundle:tokens="), HasSubstr("not ''"));
  EXPECT_THAT(refusal("no_done:share=nan"), HasSubstr("from 0 to 1"));
  EXPECT_THAT(refusal("status:code=450"), HasSubstr("429, 500 or 503"));
  EXPECT_THAT(refusal("stall:seconds=2,every=2"), HasSubstr("must be below every"));
  EXPECT_THAT(refusal("bundle:tokens=2,tokens=3"), HasSubstr("given twice"));
}

TEST(ParseFault, HelpNamesEveryFault) {
  const std::string list = fault_list();
  for (const FaultInfo& info : all_faults()) EXPECT_THAT(list, HasSubstr(std::string(info.name)));
}

}  // namespace
}  // namespace tokamark::sim
