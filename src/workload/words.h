#pragma once

#include <cstddef>
#include <string_view>

namespace tokamark::workload {

/// Number of words that synthetic prompts and salts are made of; a power of two, so that a word
/// is ten bits.
inline constexpr std::size_t kWordCount = 1024;

/// The `index`-th word, `index` < kWordCount. Common English words of three to eight lower-case
/// letters, each of which is one token with its leading space in the vocabularies of SmolLM2,
/// Qwen, Llama 3 and Llama 4 (intersected once, most frequent first), so that N words are N
/// tokens but for the first word of a text, which has no space in front.
std::string_view word(std::size_t index);

}  // namespace tokamark::workload
