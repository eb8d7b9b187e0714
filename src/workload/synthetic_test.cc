#include "workload/synthetic.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace tokamark::workload {
namespace {

std::size_t count_words(const std::string& text) {
  if (text.empty()) return 0;
  return 1 + static_cast<std::size_t>(std::count(text.begin(), text.end(), ' '));
}

TEST(SyntheticPrompts, HaveTheAskedNumberOfWordsTogetherWithTheSalt) {
  const auto prompts = synthetic_prompts({32, 5, 100}, Salting::on, 1);
  ASSERT_EQ(prompts.size(), 3U);
  EXPECT_EQ(count_words(prompts[0].text), 28U);
  EXPECT_EQ(count_words(prompts[1].text), 1U);
  EXPECT_EQ(count_words(prompts[2].text), 96U);
  EXPECT_EQ(prompts[0].input_tokens, 32U);
  EXPECT_EQ(prompts[0].category, "synthetic");
}

TEST(SyntheticPrompts, HaveTheAskedNumberOfWordsWithoutASalt) {
  const auto prompts = synthetic_prompts({32, 1}, Salting::off, 1);
  EXPECT_EQ(count_words(prompts[0].text), 32U);
  EXPECT_EQ(count_words(prompts[1].text), 1U);
}

TEST(SyntheticPrompts, AreDistinctEvenWhenTheyAreShort) {
  // 200 draws out of 1,024 single words would repeat one with near certainty.
  const auto prompts = synthetic_prompts(std::vector<std::uint32_t>(200, 5), Salting::on, 1);
  std::set<std::string> texts;
  for (const Prompt& prompt : prompts) texts.insert(prompt.text);
  EXPECT_EQ(texts.size(), 200U);
}

TEST(SyntheticPrompts, AreTheSameForTheSameSeed) {
  const std::vector<std::uint32_t> lengths(10, 20);
  EXPECT_EQ(synthetic_prompts(lengths, Salting::on, 4)[9].text,
            synthetic_prompts(lengths, Salting::on, 4)[9].text);
  EXPECT_NE(synthetic_prompts(lengths, Salting::on, 4)[9].text,
            synthetic_prompts(lengths, Salting::on, 5)[9].text);
}

TEST(EqualIssueOrder, IssuesEachPromptEquallyOftenInWholeShuffledCopies) {
  const auto order = equal_issue_order(7, 50, 3);
  ASSERT_EQ(order.size(), 56U);  // the least multiple of 7 that is 50 or more
  for (std::size_t copy = 0; copy < 8; ++copy) {
    const auto begin = order.begin() + static_cast<std::ptrdiff_t>(copy * 7);
    EXPECT_EQ(std::set<std::uint32_t>(begin, begin + 7).size(), 7U);
  }
  EXPECT_FALSE(std::equal(order.begin(), order.begin() + 7, order.begin() + 7));
}

TEST(EqualIssueOrder, KeepsOneWholeCopyWhenFewerAreNeeded) {
  EXPECT_EQ(equal_issue_order(100, 3, 1).size(), 100U);
}

}  // namespace
}  // namespace tokamark::workload
