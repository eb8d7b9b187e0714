#include "workload/synthetic.h"

#include <algorithm>
#include <numeric>
#include <unordered_set>
#include <utility>

#include "base/assert.h"
#include "base/rng.h"
#include "workload/words.h"

namespace tokamark::workload {

namespace {

/// Tries for a text not seen before; only texts of one or two words ever need more than one.
constexpr int kDistinctTries = 32;

std::string random_text(std::uint32_t word_count, base::Rng& rng) {
  std::string text;
  for (std::uint32_t i = 0; i < word_count; ++i) {
    if (i != 0) text += ' ';
    text += word(rng.below(kWordCount));
  }
  return text;
}

}  // namespace

std::vector<Prompt> synthetic_prompts(const std::vector<std::uint32_t>& lengths, Salting salting,
                                      std::uint64_t seed) {
  base::Rng rng(seed);
  const std::uint32_t salt_words = salting == Salting::on ? kSaltWords : 0;
  std::unordered_set<std::size_t> seen;
  std::vector<Prompt> prompts;
  prompts.reserve(lengths.size());
  for (const std::uint32_t length : lengths) {
    const std::uint32_t word_count = length > salt_words ? length - salt_words : 1;
    Prompt prompt;
    prompt.category = "synthetic";
    prompt.input_tokens = length;
    for (int attempt = 0; attempt < kDistinctTries; ++attempt) {
      prompt.text = random_text(word_count, rng);
      if (seen.insert(std::hash<std::string>()(prompt.text)).second) break;
    }
    prompts.push_back(std::move(prompt));
  }
  return prompts;
}

std::vector<std::uint32_t> equal_issue_order(std::uint32_t count, std::size_t least,
                                             std::uint64_t seed) {
  TOKAMARK_ASSERT(count > 0);
  base::Rng rng(seed);
  std::vector<std::uint32_t> order;
  const std::size_t copies = std::max<std::size_t>(1, (least + count - 1) / count);
  order.reserve(copies * count);
  for (std::size_t copy = 0; copy < copies; ++copy) {
    const auto begin = static_cast<std::ptrdiff_t>(order.size());
    order.resize(order.size() + count);
    std::iota(order.begin() + begin, order.end(), 0U);
    for (std::uint32_t left = count; left > 1; --left) {
      const auto pick = static_cast<std::ptrdiff_t>(rng.below(left));
      std::swap(order[static_cast<std::size_t>(begin + left - 1)],
                order[static_cast<std::size_t>(begin + pick)]);
    }
  }
  return order;
}

}  // namespace tokamark::workload
