#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace tokamark::calibration {

/// Which OpenAI route a request came by.
enum class Route { chat, completions };

/// The answers of the null engine, rendered once: vLLM's events with fixed ids, about 240 bytes
/// each, in HTTP chunks. Immutable after construction.
class NullWire {
 public:
  /// Events carry `tokens_per_chunk` tokens (> 0), the last one what is left.
  NullWire(Route route, std::uint32_t tokens_per_chunk);

  /// Status line and headers of a stream; they go out as soon as the request was read.
  static const std::string& head();
  /// The role event, in front of the first tokens; empty for completions.
  [[nodiscard]] const std::string& role() const { return role_; }
  /// An event with `tokens` tokens, 1 to tokens_per_chunk.
  [[nodiscard]] const std::string& tokens(std::uint32_t tokens) const { return middle_[tokens]; }
  /// The same with a finish reason.
  [[nodiscard]] const std::string& last(std::uint32_t tokens) const { return last_[tokens]; }
  /// Usage event where it was asked for, `[DONE]`, and the last HTTP chunk.
  [[nodiscard]] static std::string end(std::uint32_t output_tokens, bool usage);
  /// A whole JSON answer that keeps the connection.
  [[nodiscard]] static std::string json_answer(int status, const std::string& body);

 private:
  std::string role_;
  std::vector<std::string> middle_, last_;  ///< by number of tokens
};

/// The length that a request's body asks for; 100 where it names none.
std::uint64_t asked_tokens(const nlohmann::json& body);
/// The request asks for a usage event at the end.
bool wants_usage(const nlohmann::json& body);

}  // namespace tokamark::calibration
