#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tokamark::sim {

/// Token ids are below this; text and ids of the simulated tokenizer are invented.
inline constexpr std::int64_t kVocabulary = 32'000;

/// Tokens that the chat template adds to a conversation, whatever its number of messages.
inline constexpr std::int64_t kChatTemplateTokens = 12;

/// The word stands for its token: one whitespace-separated word is one token.
std::int64_t count_words(std::string_view text);

/// One id a word, equal words having equal ids.
std::vector<std::int64_t> word_ids(std::string_view text);

/// The generated text of one request: a fixed function of its seed, which is drawn from the prompt.
class GeneratedText {
 public:
  explicit GeneratedText(std::uint64_t seed) : seed_(seed) {}

  /// Id of the token at `index`, in [0, 1000).
  [[nodiscard]] std::int64_t id(std::int64_t index) const;
  /// Its text: one short word with a blank in front, such as " tok17".
  [[nodiscard]] std::string text(std::int64_t index) const;
  /// Tokens after which the model would stop by itself: uniform in [32, 1024].
  [[nodiscard]] std::int64_t natural_length() const;

 private:
  std::uint64_t seed_;
};

/// Adds a piece of a prompt to a running hash; start with 0.
std::uint64_t mix(std::uint64_t hash, std::string_view text);
std::uint64_t mix(std::uint64_t hash, std::int64_t token_id);

}  // namespace tokamark::sim
