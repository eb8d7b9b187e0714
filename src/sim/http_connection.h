#pragma once

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "sim/dialect.h"

namespace tokamark::sim {

/// One request as the service sees it.
struct HttpRequest {
  std::string method;
  std::string path;        ///< without the query
  std::string request_id;  ///< the x-request-id header, or empty
  std::string body;
  KeepAlive keep_alive = KeepAlive::yes;
};

/// What a read or a write left behind.
enum class Link { open, closed };

/// A non-blocking server-side connection: owns the socket, parses requests, buffers what the socket
/// does not take. One thread.
class HttpConnection {
 public:
  /// Takes ownership of a non-blocking socket.
  explicit HttpConnection(int fd);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  [[nodiscard]] int fd() const { return fd_; }

  /// Reads what the socket holds. `closed` on end of stream, on an error, and when a client sends
  /// more than the input limit while it waits for an answer.
  Link fill();
  /// Takes bytes that the owner read from the socket, in place of `fill`; `closed` above the limit.
  Link take(std::string_view bytes);
  /// The next whole request in the input; nothing while one is incomplete or after bad input.
  std::optional<HttpRequest> next_request();
  /// The input is not HTTP; the connection cannot be used any more.
  [[nodiscard]] bool malformed() const { return malformed_; }
  /// Bytes of a request that is not whole yet are waiting.
  [[nodiscard]] bool mid_request() const;

  /// Writes, and keeps what the socket does not take. `closed` when the peer is gone or lets more
  /// than the output limit pile up.
  Link send(std::string_view bytes);
  /// Writes what was kept.
  Link flush();
  [[nodiscard]] bool has_unsent() const { return !unsent_.empty(); }

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  void reset_parser();
  HttpRequest take_request();
  void answer_expectation();

  int fd_;
  std::string input_;
  std::string unsent_;
  std::optional<Parser> parser_;
  bool header_seen_ = false;
  bool malformed_ = false;
};

}  // namespace tokamark::sim
