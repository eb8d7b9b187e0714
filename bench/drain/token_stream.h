#pragma once

#include <cstdint>
#include <string>

namespace tokamark::bench {

/// The head of a streamed answer, as an OpenAI-style server sends it.
std::string answer_head();
/// One token as vLLM writes it: an event of about 245 bytes in an HTTP chunk of its own.
std::string token_chunk();
/// The finish reason, the usage, `[DONE]` and the last chunk of an answer of `tokens` tokens.
std::string answer_end(std::uint32_t tokens);

}  // namespace tokamark::bench
