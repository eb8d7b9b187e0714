#include "run/greedy_set.h"

#include <array>

namespace tokamark::run {

namespace {

/// Questions with one likely beginning of an answer, in words, figures and code.
constexpr std::array kPrompts{
    "Complete the sentence: The capital of France is",
    "Count from one to ten in English words.",
    "Write the Python statement that prints Hello, world!",
};
constexpr int kTokens = 12;

}  // namespace

nlohmann::json ask_greedy_set(engine::RunningEngine& engine, const std::atomic<bool>& stop) {
  auto answers = nlohmann::json::array();
  for (const char* prompt : kPrompts) {
    if (stop) break;
    auto answer = engine.ask(prompt, kTokens);
    if (answer.has_value()) {
      answers.push_back(std::move(answer.value()));
    } else {
      // A server that fails here is not waited for twice: its trial says what it does.
      answers.push_back({{"error", answer.error().message}});
      break;
    }
  }
  return answers;
}

}  // namespace tokamark::run
