#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/error.h"

namespace tokamark::engine {

/// The parts of an http or https URL.
struct Url {
  std::string scheme;
  std::string host;        ///< without brackets
  std::uint16_t port = 0;  ///< the scheme's default when the URL states none
  std::string path;        ///< without trailing slash, "" for the root
  /// "scheme://host[:port]path", brackets round an IPv6 host.
  [[nodiscard]] std::string text() const;
};

/// Reads an absolute http or https URL. Errors have kind `usage` and name the URL and the fix.
base::Result<Url> parse_url(const std::string& text);

/// The base URL for OpenAI routes: a trailing slash and a trailing "/v1" are dropped.
base::Result<std::string> normalized_base_url(const std::string& text);

/// Whether the host is this machine by name or address ("localhost", 127/8, ::1).
bool is_loopback(std::string_view host);

/// One control-plane request.
struct HttpRequest {
  std::string url;
  std::string method = "GET";
  std::string body;  ///< sent as application/json when not empty
  std::map<std::string, std::string> headers;
  std::chrono::milliseconds timeout{5000};
  const std::atomic<bool>* stop = nullptr;  ///< polled every 100 ms
  /// Called with the body read so far whenever more has arrived; may be empty.
  std::function<void(std::string_view body_so_far)> on_body;
};

/// A complete answer of any status.
struct HttpResponse {
  long status = 0;
  std::string body;
  std::map<std::string, std::string> headers;  ///< names in lower case, the last value of each
};

/// Sends one request and reads the whole answer, on the calling thread. For starting, checking and
/// scraping servers; measured requests do not pass here. Proxies from the environment are used
/// except for loopback hosts. Errors: `network` (no answer; the text says why), `timeout`,
/// `interrupted`. An answer above 64 MiB is a `network` error.
base::Result<HttpResponse> http_send(const HttpRequest& request);

}  // namespace tokamark::engine
