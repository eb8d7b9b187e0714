#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "engine/adapter.h"

namespace tokamark::engine {

/// The small request that proves that an engine generates: eight tokens, greedy, streamed.
std::string probe_body(const std::string& api, const std::string& model,
                       const RequestFields& fields);

/// Whether the answer so far, an event stream or one JSON body, holds a generated token: text in a
/// choice (a role chunk has none), or a usage that counts one. Complete lines are looked at only.
bool holds_token(std::string_view body);

/// How the small request ended.
struct ProbeOutcome {
  enum class Kind {
    token,        ///< at least one token came
    not_ready,    ///< no connection, or HTTP 502, 503: ask again
    refused,      ///< HTTP 400 or 422: a field or the request's form is not taken
    bad_model,    ///< HTTP 404: no such model, or no such route
    denied,       ///< HTTP 401 or 403
    failed,       ///< any other status, an error in the stream, or an answer without a token
    interrupted,  ///< the user asked to stop
  };
  Kind kind = Kind::failed;
  std::string detail;  ///< one line, empty for `token`
};

/// Sends the small request and reads the whole answer. `on_token` is called once, when the first
/// token arrives.
ProbeOutcome send_probe(const ControlPlane& plane, const std::string& api, const std::string& body,
                        std::chrono::milliseconds timeout, const std::function<void()>& on_token);

}  // namespace tokamark::engine
