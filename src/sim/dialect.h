#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "sim/profile.h"
#include "sim/request_body.h"
#include "sim/step_loop.h"

namespace tokamark::sim {

/// The header line that marks every response of the simulated engine.
inline constexpr std::string_view kSimulatedHeader = "X-Tokamark-Simulated: 1\r\n";

/// When the status line of a stream is sent.
enum class HeadersAt {
  arrival,      ///< as soon as the request is read (llama.cpp)
  admission,    ///< when the API server has handed it to the scheduler (vLLM, TensorRT-LLM)
  first_token,  ///< together with the first token (SGLang)
};

enum class KeepAlive { no, yes };

/// What the head of a response needs to know.
struct HeadContext {
  std::string date;  ///< as in the Date header
  KeepAlive keep_alive = KeepAlive::yes;
};

/// A whole answer without streaming.
struct Answer {
  int status = 200;
  std::string content_type;  ///< empty = JSON, as the engine calls it
  std::string body;
};

enum class DoneMark { sent, left_out };

/// The facts of one reply that its chunks repeat.
struct Reply {
  std::string id;
  std::int64_t created_s = 0;  ///< seconds since 1970, when the request came
  std::string model;
  GenerateRequest request;
  std::int64_t cached_tokens = 0;
  double usage_factor = 1;              ///< planted: usage tells completion tokens times this
  DoneMark done_mark = DoneMark::sent;  ///< planted: `data: [DONE]` can be left out
};

/// What an event tells of the chat's role chunk.
enum class RolePart {
  as_engine,  ///< before the first token, as the engine does
  left_out,   ///< no role chunk
  alone,      ///< a role chunk and nothing else
};

/// One event: a generated token with any that wait to be told with it, or at the end of a whole
/// reply the last one.
struct Token {
  std::int64_t index = 0;
  std::int64_t id = 0;
  std::string text;                       ///< of the earlier tokens too
  std::vector<std::int64_t> earlier_ids;  ///< of the tokens before this one in the same event
  RolePart role = RolePart::as_engine;
  bool last = false;
  std::int64_t now_s = 0;         ///< seconds since 1970
  base::Nanos prompt_time{0};     ///< from admission to the first token
  base::Nanos predicted_time{0};  ///< from the first token to this one
};

/// What the small routes tell about the server.
struct ServerFacts {
  const Profile* profile = nullptr;
  std::string served_model;
  std::int64_t started_s = 0;  ///< seconds since 1970
};

/// The wire format of one engine: heads, chunks, bodies, errors, small routes. Stateless, pure and
/// thread-safe. Chunks come with HTTP chunk framing, so that the engine's habit of putting one or
/// several events into an HTTP chunk is kept.
class Dialect {
 public:
  virtual ~Dialect() = default;

  [[nodiscard]] virtual HeadersAt headers_at() const = 0;
  /// Rules for request bodies; `served_model` and `context_limit` are filled in by the caller.
  [[nodiscard]] virtual BodyRules body_rules() const = 0;
  /// A response id; `serial` makes it unique within the run.
  [[nodiscard]] virtual std::string response_id(Api api, std::uint64_t serial) const = 0;

  /// Status line and headers of a stream.
  [[nodiscard]] virtual std::string stream_head(const HeadContext& context) const = 0;
  /// Status line, headers and body of an answer.
  [[nodiscard]] virtual std::string answer_bytes(const Answer& answer,
                                                 const HeadContext& context) const = 0;

  /// Appends what the engine sends for this token: the role chunk before the first one, and after
  /// the last one the finish, usage, `[DONE]` and the end of the body.
  virtual void append_token(const Reply& reply, const Token& token, std::string& out) const = 0;
  /// The body of a reply that was not streamed.
  [[nodiscard]] virtual std::string whole_body(const Reply& reply, const Token& last,
                                               std::string_view text) const = 0;

  /// The engine's words for a refused request.
  [[nodiscard]] virtual Answer problem_answer(const Problem& problem,
                                              const ServerFacts& facts) const = 0;
  /// The engine's words for a failure of its own, with this status.
  [[nodiscard]] virtual Answer failure_answer(int status, std::string_view message) const = 0;
  /// Appends what follows in a stream when the engine fails, to the end of the body; nothing when
  /// the engine drops the connection instead.
  virtual void append_failure(const Reply& reply, std::string_view message,
                              std::string& out) const = 0;
  /// Body of GET /v1/models.
  [[nodiscard]] virtual std::string models_body(const ServerFacts& facts) const = 0;
  /// Body of POST /tokenize.
  [[nodiscard]] virtual std::string tokenize_body(const std::vector<std::int64_t>& ids,
                                                  const ServerFacts& facts) const = 0;
  /// Routes that only this engine has: version, server facts, cache reset, metrics. Nothing when
  /// the engine does not have the route.
  [[nodiscard]] virtual std::optional<Answer> own_route(std::string_view method,
                                                        std::string_view path,
                                                        const ServerFacts& facts,
                                                        const EngineCounters& counters) const = 0;
};

/// The dialect of a profile, with its choice on cached tokens.
std::unique_ptr<Dialect> make_dialect(const Profile& profile);

}  // namespace tokamark::sim
