#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "workload/schedule.h"

namespace tokamark::protocol {

/// What every request of a trial has in common.
struct RequestShape {
  std::string host_header;  ///< "127.0.0.1:8000"
  std::string path;         ///< "/v1/chat/completions"
  std::string api;          ///< "chat" or "completions"
  std::string model;
  std::map<std::string, std::string> headers;
  double temperature = 0.0;
  bool stream_usage = true;       ///< "stream_options": {"include_usage": true}
  bool continuous_usage = false;  ///< ... {"continuous_usage_stats": true}
  bool exact_length = false;      ///< the answer must have the asked length
  bool ignore_eos = false;        ///< the engine takes "ignore_eos"
  bool min_tokens = false;        ///< the engine takes "min_tokens"
  bool cache_prompt_off = false;  ///< llama.cpp's "cache_prompt": false
  /// transformers' "generation_config" with an end token that no model has, for exact lengths
  bool endless_generation_config = false;
};

/// That field's value, JSON inside a string.
std::string endless_generation_config(double temperature);

/// Renders whole HTTP requests. All JSON escaping is done once, in `make`; `render` only joins
/// strings, so that nothing is formatted between a request's due time and its first byte.
class RequestRenderer {
 public:
  /// Kind `study` when a prompt's chat messages are not a JSON array of messages, or a chat
  /// prompt is sent to the completions API.
  static base::Result<RequestRenderer> make(const RequestShape& shape,
                                            const std::vector<workload::Prompt>& prompts);

  /// One request to render. `salt` goes in front of the prompt's text.
  struct Item {
    std::uint32_t prompt = 0;
    std::uint32_t output_tokens = 0;
    std::uint64_t sequence = 0;  ///< sent as x-request-id, to match the server's own records
    std::string salt;
  };

  /// Replaces `out` with the request's bytes; its capacity is kept.
  void render(const Item& item, std::string& out) const;

 private:
  struct Fragments {
    std::string before_salt, after_salt;
  };
  std::string head_;  ///< up to and including "x-request-id: tokamark-"
  std::string tail_before_length_, tail_after_length_;
  bool min_tokens_ = false;
  std::vector<Fragments> prompts_;
};

}  // namespace tokamark::protocol
