#include "capacity/search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <utility>
#include <vector>

namespace tokamark::capacity {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::size_t kRequests = 1000;
const Outcome kGood{1.0, kRequests, false};
const Outcome kBad{0.2, kRequests, false};

SearchRule rule_of(std::vector<double> levels, Grid grid = Grid::continuous) {
  SearchRule rule;
  rule.levels = std::move(levels);
  rule.grid = grid;
  return rule;
}

/// Runs a search to its end; the loads asked, each with how often in a row.
std::vector<std::pair<double, int>> play(CapacitySearch& search,
                                         const std::function<Outcome(double)>& engine) {
  std::vector<std::pair<double, int>> asked;
  while (const auto load = search.next()) {
    if (asked.empty() || asked.back().first != *load) asked.emplace_back(*load, 0);
    ++asked.back().second;
    search.add(engine(*load));
  }
  return asked;
}

Outcome good_up_to_10(double load) { return load <= 10.0 ? kGood : kBad; }

TEST(CapacitySearch, DoublesHalvesByRatioAndConfirmsBothEnds) {
  CapacitySearch search(rule_of({4.0}));
  // sqrt(8 x 16) = 11.31, sqrt(8 x 11.31) = 9.512, sqrt(9.512 x 11.31) = 10.37; 10.37 / 9.512 is
  // 1.09. Then the two ends get their five runs; nothing more is asked of the others.
  using Asked = std::pair<double, int>;
  EXPECT_THAT(play(search, good_up_to_10),
              ElementsAre(Asked{4.0, 1}, Asked{8.0, 1}, Asked{16.0, 1}, Asked{11.31, 1},
                          Asked{9.512, 1}, Asked{10.37, 1}, Asked{9.512, 4}, Asked{10.37, 4}));
  const Answer found = search.answer();
  EXPECT_EQ(found.end, End::resolved);
  EXPECT_DOUBLE_EQ(found.low.value(), 9.512);
  EXPECT_DOUBLE_EQ(found.high.value(), 10.37);
  EXPECT_NEAR(found.relative_width().value(), 0.0902, 1e-4);
  EXPECT_THAT(found.meets_above, IsEmpty());
  EXPECT_EQ(search.runs(), 14U);
}

TEST(CapacitySearch, ConcurrenciesAreWhole) {
  CapacitySearch search(rule_of({4.0}, Grid::whole));
  using Asked = std::pair<double, int>;
  // 8 passes, 16 fails; round(11.31) = 11 fails, round(9.38) = 9 passes, and so does 10.
  EXPECT_THAT(play(search, good_up_to_10),
              ElementsAre(Asked{4, 1}, Asked{8, 1}, Asked{16, 1}, Asked{11, 1}, Asked{9, 1},
                          Asked{10, 5}, Asked{11, 4}));
  EXPECT_EQ(search.answer().end, End::resolved);
  EXPECT_DOUBLE_EQ(search.answer().low.value(), 10.0);
  EXPECT_DOUBLE_EQ(search.answer().high.value(), 11.0);
}

TEST(CompletedRule, ReachesBeyondTheLevelsUnlessTold) {
  const SearchRule rule = completed(rule_of({4.0, 2.0}));
  EXPECT_DOUBLE_EQ(rule.least.value(), 2.0 / 64.0);
  EXPECT_DOUBLE_EQ(rule.most.value(), 4.0 * 64.0);
  EXPECT_THAT(rule.levels, ElementsAre(2.0, 4.0));
}

TEST(CompletedRule, LevelsAreKeptInsideWhatIsAllowed) {
  SearchRule rule = rule_of({1.0, 2.0, 4.0, 8.0});
  rule.least = 1.5;
  rule.most = 3.0;
  EXPECT_THAT(completed(rule).levels, ElementsAre(1.5, 2.0, 3.0));
}

TEST(CompletedRule, NothingIsLeftBetween) {
  SearchRule rule = rule_of({4.0}, Grid::whole);
  rule.most = 0.5;
  const SearchRule made = completed(rule);
  EXPECT_GT(made.least.value(), made.most.value());
}

TEST(CapacitySearch, NothingMeets) {
  SearchRule rule = rule_of({1.0, 2.0});
  rule.least = 0.5;
  CapacitySearch search(rule);
  using Asked = std::pair<double, int>;
  EXPECT_THAT(play(search, [](double) { return kBad; }),
              ElementsAre(Asked{1.0, 1}, Asked{2.0, 1}, Asked{0.5, 5}));
  EXPECT_EQ(search.answer().end, End::below);
  EXPECT_FALSE(search.answer().low.has_value());
  EXPECT_DOUBLE_EQ(search.answer().high.value(), 0.5);
}

TEST(CapacitySearch, EverythingMeets) {
  SearchRule rule = rule_of({1.0, 2.0});
  rule.most = 4.0;
  CapacitySearch search(rule);
  using Asked = std::pair<double, int>;
  EXPECT_THAT(play(search, [](double) { return kGood; }),
              ElementsAre(Asked{1.0, 1}, Asked{2.0, 1}, Asked{4.0, 5}));
  EXPECT_EQ(search.answer().end, End::above);
  EXPECT_DOUBLE_EQ(search.answer().low.value(), 4.0);
  EXPECT_FALSE(search.answer().high.has_value());
}

TEST(CapacitySearch, ConcurrencyOneIsTheLeast) {
  CapacitySearch search(rule_of({3.0}, Grid::whole));
  using Asked = std::pair<double, int>;
  EXPECT_THAT(play(search, [](double) { return kBad; }), ElementsAre(Asked{3.0, 1}, Asked{1.0, 5}));
  EXPECT_EQ(search.answer().end, End::below);
}

TEST(CapacitySearch, AHigherLoadThatMeetsIsReported) {
  CapacitySearch search(rule_of({1, 2, 3, 4, 5, 6}));
  play(search, [](double load) { return load < 2.5 || load > 3.5 ? kGood : kBad; });
  const Answer found = search.answer();
  EXPECT_EQ(found.end, End::resolved);
  // Between 2 and 3: 2.449 meets, 2.711 and 2.577 miss.
  EXPECT_DOUBLE_EQ(found.low.value(), 2.449);
  EXPECT_DOUBLE_EQ(found.high.value(), 2.577);
  EXPECT_THAT(found.meets_above, ElementsAre(4.0, 5.0, 6.0));
}

TEST(CapacitySearch, OneRunThatFailsByChanceIsPassedOver) {
  CapacitySearch search(rule_of({1, 2, 4, 8, 16}));
  std::map<double, int> asked;
  play(search, [&](double load) {
    if (load == 4.0 && ++asked[load] == 1) return Outcome{0.89, kRequests, false};
    return load == 4.0 ? Outcome{0.97, kRequests, false} : good_up_to_10(load);
  });
  EXPECT_EQ(search.answer().end, End::resolved);
  EXPECT_LE(search.answer().low.value(), 10.0);
  EXPECT_GE(search.answer().low.value(), 8.0);
  EXPECT_GT(search.answer().high.value(), 10.0);
}

TEST(CapacitySearch, TheBudgetEndsIt) {
  SearchRule rule = rule_of({4.0});
  rule.most_runs = 11;
  CapacitySearch search(rule);
  play(search, good_up_to_10);
  EXPECT_EQ(search.answer().end, End::budget);
  EXPECT_EQ(search.runs(), 11U);
  // 9.512 has its five runs; 10.37 has two, which are no evidence.
  EXPECT_DOUBLE_EQ(search.answer().low.value(), 9.512);
  EXPECT_FALSE(search.answer().high.has_value());
  EXPECT_FALSE(search.answer().relative_width().has_value());
}

TEST(CapacitySearch, WhatStaysUndecidedIsInsideTheInterval) {
  SearchRule rule = rule_of({8.0, 16.0});
  rule.most_runs = 1000;
  CapacitySearch search(rule);
  std::map<double, int> turns;
  play(search, [&](double load) {
    if (load <= 8.0) return kGood;
    if (load >= 16.0) return kBad;
    return Outcome{turns[load]++ % 2 == 0 ? 0.8 : 1.0, kRequests, false};  // 0.9 on average
  });
  EXPECT_EQ(search.answer().end, End::undecided);
  EXPECT_DOUBLE_EQ(search.answer().low.value(), 8.0);
  EXPECT_DOUBLE_EQ(search.answer().high.value(), 16.0);
  for (const Level& level : search.levels()) {
    EXPECT_EQ(level.runs.size(), level.standing == Standing::undecided ? 20U : 5U) << level.load;
  }
}

TEST(CapacitySearch, InvalidRunsAreRepeatedTwice) {
  SearchRule rule = rule_of({4.0});
  rule.most = 4.0;
  CapacitySearch search(rule);
  for (std::size_t i = 0; i < kMostRepeats; ++i) {
    EXPECT_EQ(search.next(), 4.0);
    search.add_invalid();
  }
  play(search, good_up_to_10);
  EXPECT_EQ(search.answer().end, End::above);
  EXPECT_EQ(search.runs(), 7U);  // two invalid, five valid
}

TEST(CapacitySearch, AValidRunStartsTheRepeatsAnew) {
  SearchRule rule = rule_of({4.0});
  rule.most = 4.0;
  CapacitySearch search(rule);
  for (int run = 0; run < 5; ++run) {
    for (std::size_t i = 0; i < kMostRepeats; ++i) {
      ASSERT_EQ(search.next(), 4.0);
      search.add_invalid();
    }
    ASSERT_EQ(search.next(), 4.0);
    search.add(kGood);
  }
  EXPECT_FALSE(search.next().has_value());
  EXPECT_EQ(search.answer().end, End::above);
}

TEST(CapacitySearch, ALoadThatCannotBeMeasuredIsPassedBy) {
  CapacitySearch search(rule_of({8.0, 11.0, 14.0}));
  while (const auto load = search.next()) {
    if (*load == 11.0) {
      search.add_invalid();
    } else {
      search.add(good_up_to_10(*load));
    }
  }
  // 11 is given up; 8 meets, and what is tried beside 11 says the rest.
  EXPECT_DOUBLE_EQ(search.answer().low.value(), 9.381);
  EXPECT_GT(search.answer().high.value(), 10.0);
  EXPECT_LT(search.answer().high.value(), 14.0);
}

TEST(CapacitySearch, ALoadThatCannotBeMeasuredEndsIt) {
  CapacitySearch search(rule_of({2.0, 4.0}));
  while (const auto load = search.next()) {
    if (*load >= 4.0) {
      search.add_invalid();
    } else {
      search.add(kGood);
    }
  }
  // 4 is given up, and so are the loads above it that were tried on the way.
  EXPECT_EQ(search.answer().end, End::unmeasured);
  EXPECT_GT(search.answer().low.value(), 4.0 / 1.1);
  EXPECT_FALSE(search.answer().high.has_value());
}

TEST(CapacitySearch, OverloadFailsWhateverTheAttainment) {
  CapacitySearch search(rule_of({4.0}));
  play(search, [](double load) { return Outcome{0.99, kRequests, load > 10.0}; });
  EXPECT_EQ(search.answer().end, End::resolved);
  EXPECT_DOUBLE_EQ(search.answer().low.value(), 9.512);
  EXPECT_DOUBLE_EQ(search.answer().high.value(), 10.37);
}

TEST(CapacitySearch, StoppingKeepsWhatWasFound) {
  CapacitySearch search(rule_of({4.0}));
  for (int i = 0; i < 10; ++i) search.add(good_up_to_10(search.next().value()));
  search.stop(End::stopped);
  EXPECT_FALSE(search.next().has_value());
  EXPECT_EQ(search.answer().end, End::stopped);
  EXPECT_DOUBLE_EQ(search.answer().low.value(), 9.512);
}

}  // namespace
}  // namespace tokamark::capacity
