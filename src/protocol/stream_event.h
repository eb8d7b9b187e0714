#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace tokamark::protocol {

/// What one event of an OpenAI-style stream says. Strings are owned by the parser's next call.
struct StreamEvent {
  bool done = false;            ///< the event is `[DONE]`
  bool malformed = false;       ///< not the expected JSON
  bool is_error = false;        ///< an `error` object inside the stream
  bool has_choices = false;     ///< `choices` is there and not empty
  bool has_text = false;        ///< generated text, reasoning or a tool call: a token is in it
  std::int64_t token_ids = -1;  ///< number of token ids in it; -1 = none given
  std::int64_t completion_tokens = -1;  ///< usage so far (continuous) or final; -1 = no usage
  std::int64_t prompt_tokens = -1;
  std::int64_t cached_tokens = -1;
  std::string finish_reason;  ///< empty = none
  std::string error_message;

  /// Back to an event that says nothing; the strings keep their memory.
  void reset();
};

/// Reads one event's data: chat chunks (`delta.content`, `delta.reasoning`,
/// `delta.reasoning_content`, `delta.tool_calls`), completion chunks (`text`, `token_ids`),
/// usage in any chunk, and the error objects of vLLM, SGLang, TensorRT-LLM and llama.cpp.
/// No socket, no clock. Not thread-safe; keep one per thread.
class StreamEventParser {
 public:
  StreamEventParser();
  ~StreamEventParser();
  StreamEventParser(const StreamEventParser&) = delete;
  StreamEventParser& operator=(const StreamEventParser&) = delete;

  /// The returned reference is overwritten by the next call.
  const StreamEvent& parse(std::string_view data);

 private:
  class Reader;
  std::unique_ptr<Reader> reader_;
  StreamEvent event_;
};

/// The message inside an HTTP error body of any of the engines' shapes, as one line of at most
/// 300 bytes; the raw text when the body has no known shape.
std::string error_message_of_body(std::string_view body);

}  // namespace tokamark::protocol
