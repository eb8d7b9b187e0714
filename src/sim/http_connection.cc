#include "sim/http_connection.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <cerrno>
#include <utility>

namespace tokamark::sim {
namespace http = boost::beast::http;
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
constexpr std::size_t kInputLimit = 64 * 1024 * 1024;
constexpr std::size_t kUnsentLimit = 64 * 1024 * 1024;
constexpr std::uint32_t kHeaderLimit = 64 * 1024;

std::string to_string(boost::beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

HttpConnection::HttpConnection(int fd) : fd_(fd) { reset_parser(); }

HttpConnection::~HttpConnection() { ::close(fd_); }

Link HttpConnection::fill() {
  std::array<char, kReadBytes> buffer;
  for (;;) {
    const ssize_t got = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (got > 0) {
      if (take({buffer.data(), static_cast<std::size_t>(got)}) == Link::closed) return Link::closed;
      if (static_cast<std::size_t>(got) < buffer.size()) return Link::open;
      continue;
    }
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Link::open;
    return Link::closed;
  }
}

Link HttpConnection::take(std::string_view bytes) {
  input_.append(bytes);
  return input_.size() > kInputLimit ? Link::closed : Link::open;
}

std::optional<HttpRequest> HttpConnection::next_request() {
  while (!malformed_ && !parser_->is_done() && !input_.empty()) {
    boost::system::error_code error;
    const std::size_t used = parser_->put(boost::asio::buffer(input_), error);
    input_.erase(0, used);
    if (parser_->is_header_done() && !header_seen_) answer_expectation();
    if (error == http::error::need_more) {
      if (used == 0) return std::nullopt;
      continue;
    }
    if (error) malformed_ = true;
  }
  if (malformed_ || !parser_->is_done()) return std::nullopt;
  return take_request();
}

bool HttpConnection::mid_request() const { return !input_.empty() || parser_->is_header_done(); }

Link HttpConnection::send(std::string_view bytes) {
  if (!unsent_.empty()) {
    unsent_.append(bytes);
    return unsent_.size() > kUnsentLimit ? Link::closed : Link::open;
  }
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return Link::closed;
    unsent_.assign(bytes);
    return Link::open;
  }
  return Link::open;
}

Link HttpConnection::flush() {
  std::string pending = std::exchange(unsent_, {});
  return send(pending);
}

void HttpConnection::reset_parser() {
  parser_.emplace();
  parser_->eager(true);
  parser_->header_limit(kHeaderLimit);
  parser_->body_limit(kInputLimit);
  header_seen_ = false;
}

HttpRequest HttpConnection::take_request() {
  const bool keep_alive = parser_->keep_alive();
  auto message = parser_->release();
  HttpRequest request;
  request.method = to_string(message.method_string());
  request.path = to_string(message.target());
  request.path.resize(std::min(request.path.size(), request.path.find('?')));
  request.request_id = to_string(message["x-request-id"]);
  request.body = std::move(message.body());
  request.keep_alive = keep_alive ? KeepAlive::yes : KeepAlive::no;
  reset_parser();
  return request;
}

void HttpConnection::answer_expectation() {
  header_seen_ = true;
  if (parser_->is_done()) return;
  const auto expect = parser_->get()[http::field::expect];
  if (boost::beast::iequals(expect, "100-continue")) send("HTTP/1.1 100 Continue\r\n\r\n");
}

}  // namespace tokamark::sim
