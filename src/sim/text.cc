#include "sim/text.h"

#include <fmt/format.h>

#include "base/rng.h"

namespace tokamark::sim {
namespace {

constexpr std::string_view kSpaces = " \t\n\r\f\v";

template <typename Visit>
void for_each_word(std::string_view text, Visit visit) {
  std::size_t begin = text.find_first_not_of(kSpaces);
  while (begin != std::string_view::npos) {
    const std::size_t end = std::min(text.find_first_of(kSpaces, begin), text.size());
    visit(text.substr(begin, end - begin));
    begin = text.find_first_not_of(kSpaces, end);
  }
}

}  // namespace

std::int64_t count_words(std::string_view text) {
  std::int64_t words = 0;
  for_each_word(text, [&](std::string_view) { words += 1; });
  return words;
}

std::vector<std::int64_t> word_ids(std::string_view text) {
  std::vector<std::int64_t> ids;
  for_each_word(text, [&](std::string_view word) {
    ids.push_back(static_cast<std::int64_t>(mix(0, word) % kVocabulary));
  });
  return ids;
}

std::int64_t GeneratedText::id(std::int64_t index) const {
  constexpr std::uint64_t kWords = 1000;
  return static_cast<std::int64_t>(mix(seed_, index) % kWords);
}

std::string GeneratedText::text(std::int64_t index) const {
  return fmt::format(" tok{}", id(index));
}

std::int64_t GeneratedText::natural_length() const {
  constexpr std::int64_t kShortest = 32;
  constexpr std::uint64_t kSpread = 1024 - 32 + 1;
  return kShortest + static_cast<std::int64_t>(base::Rng(seed_).below(kSpread));
}

std::uint64_t mix(std::uint64_t hash, std::string_view text) {
  return base::derive_seed(hash, text);
}

std::uint64_t mix(std::uint64_t hash, std::int64_t token_id) {
  constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15U;
  return base::Rng(hash ^ (static_cast<std::uint64_t>(token_id) * kGolden)).next();
}

}  // namespace tokamark::sim
