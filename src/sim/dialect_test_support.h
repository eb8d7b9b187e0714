#pragma once

#include <string>

#include "sim/dialect.h"
#include "sim/unit_profile.h"

namespace tokamark::sim {

/// A streamed reply of model "smollm2" that asked for usage.
inline Reply make_reply(Api api, std::int64_t prompt_tokens, std::int64_t output_tokens) {
  Reply reply;
  reply.model = "smollm2";
  reply.request.api = api;
  reply.request.prompt_tokens = prompt_tokens;
  reply.request.output_tokens = output_tokens;
  reply.request.stream = true;
  reply.request.include_usage = true;
  return reply;
}

inline Token make_token(std::int64_t index, std::int64_t id, std::string text) {
  Token token;
  token.index = index;
  token.id = id;
  token.text = std::move(text);
  return token;
}

inline Token last_token(std::int64_t index, std::int64_t id, std::string text) {
  Token token = make_token(index, id, std::move(text));
  token.last = true;
  return token;
}

inline std::string token_bytes(const Dialect& dialect, const Reply& reply, const Token& token) {
  std::string out;
  dialect.append_token(reply, token, out);
  return out;
}

/// The facts of a server of model "smollm2" on the unit profile.
inline ServerFacts make_facts() {
  static const Profile profile = unit_profile();
  return {&profile, "smollm2", 1795494217};
}

}  // namespace tokamark::sim
