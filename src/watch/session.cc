#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <sstream>

#include "watch/loopback.h"
#include "watch/session_internal.h"

namespace tokamark::watch {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

constexpr auto kRequestTime = std::chrono::seconds(15);
/// For a whole page through a slow tunnel.
constexpr auto kPageTime = std::chrono::seconds(60);
constexpr int kKeepAliveTicks = 5;
constexpr const char* kNothingAllowed = "default-src 'none'; frame-ancestors 'none'";

Answer refuse(unsigned status, std::string why) {
  Answer answer;
  answer.status = status;
  answer.body = std::make_shared<const std::string>(std::move(why) + "\n");
  return answer;
}

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

/// The answer's head as bytes. Every answer forbids guessing of types, use by other sites, and
/// keeping.
std::string head_text(http::response<http::empty_body>& response, const std::string& policy) {
  response.set(http::field::server, "tokamark");
  response.set("Content-Security-Policy", policy.empty() ? kNothingAllowed : policy);
  response.set("Cross-Origin-Resource-Policy", "same-origin");
  response.set("Cross-Origin-Opener-Policy", "same-origin");
  response.set("Referrer-Policy", "no-referrer");
  response.set("X-Content-Type-Options", "nosniff");
  response.set(http::field::cache_control, "no-store");
  std::ostringstream out;
  out << response.base();
  return out.str();
}

}  // namespace

Session::Session(asio::ip::tcp::socket socket, std::shared_ptr<Sessions> all)
    : stream_(std::move(socket)), buffer_(kMostHeaderBytes), all_(std::move(all)) {
  ++all_->connections;
  error_code ignored;
  stream_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
}

Session::~Session() {
  --all_->connections;
  if (follows_) --all_->followers;
}

void Session::close() {
  error_code ignored;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  stream_.close();
}

void Session::read() {
  parser_.emplace();
  parser_->header_limit(kMostHeaderBytes);
  parser_->body_limit(0);
  stream_.expires_after(kRequestTime);
  http::async_read(stream_, buffer_, *parser_,
                   [self = shared_from_this()](const error_code& error, std::size_t) {
                     if (error == http::error::end_of_stream || error == beast::error::timeout) {
                       return self->close();
                     }
                     if (!error) return self->on_request();
                     const error_code any = http::error::bad_method;
                     if (error.category() != any.category()) return self->close();
                     Request none;
                     none.keep_alive(false);
                     self->answer(none, refuse(400, "This request is not understood here."));
                   });
}

std::optional<Answer> Session::refusal(const Request& request) const {
  if (request.count(http::field::host) != 1) return refuse(400, "One Host field is needed.");
  if (!is_local_host_field(view(request[http::field::host]))) {
    return refuse(403,
                  "The Host of the request is not this machine; use http://127.0.0.1:PORT/ or a "
                  "tunnel to it.");
  }
  if (request.method() != http::verb::get && request.method() != http::verb::head) {
    return refuse(405, "Only GET and HEAD: nothing can be changed here.");
  }
  return std::nullopt;
}

void Session::on_request() {
  const Request request = parser_->release();
  if (const auto refused = refusal(request)) return answer(request, *refused);
  std::string_view target = view(request.target());
  target = target.substr(0, target.find('?'));
  if (target != "/events") return answer(request, all_->content.answer(target));
  if (request.method() == http::verb::head) {
    return answer(request, refuse(405, "/events is for GET."));
  }
  if (all_->followers >= kMostFollowers) {
    return answer(request, refuse(503, "As many clients as may follow do; close one."));
  }
  follow(request);
}

void Session::answer(const Request& request, const Answer& answer) {
  http::response<http::empty_body> response(static_cast<http::status>(answer.status), 11);
  const bool keep = request.keep_alive() && answer.status == 200;
  response.keep_alive(keep);
  response.set(http::field::content_type, answer.type);
  response.content_length(answer.body->size());
  if (answer.status == 405) response.set(http::field::allow, "GET, HEAD");
  const bool whole = request.method() != http::verb::head;
  stream_.expires_after(kPageTime);
  write(head_text(response, answer.policy), whole ? answer.body : nullptr,
        keep ? Next::read : Next::close);
}

void Session::follow(const Request& request) {
  follows_ = true;
  ++all_->followers;
  cursor_ = all_->log->resume(view(request["Last-Event-ID"]));
  http::response<http::empty_body> response(http::status::ok, 11);
  response.keep_alive(false);
  response.set(http::field::content_type, "text/event-stream");
  stream_.expires_after(all_->patience);
  watch_for_end();
  write(head_text(response, {}) + "retry: 2000\n\n", nullptr, Next::follow);
}

/// A follower has nothing to say; the end of its side is the end of the connection.
void Session::watch_for_end() {
  stream_.socket().async_read_some(
      asio::buffer(ignored_), [self = shared_from_this()](const error_code& error, std::size_t) {
        if (error) return self->close();
        self->watch_for_end();
      });
}

void Session::pump() {
  if (!follows_ || writing_ || !stream_.socket().is_open()) return;
  std::string news = all_->log->next(cursor_);
  if (news.empty()) {
    if (++quiet_ticks_ < kKeepAliveTicks) return;
    news = kKeepAlive;
  }
  quiet_ticks_ = 0;
  stream_.expires_after(all_->patience);
  write(std::move(news), nullptr, Next::follow);
}

void Session::write(std::string head, std::shared_ptr<const std::string> body, Next next) {
  head_ = std::move(head);
  body_ = std::move(body);
  writing_ = true;
  const std::array<asio::const_buffer, 2> parts{
      asio::buffer(head_), body_ ? asio::buffer(*body_) : asio::const_buffer()};
  asio::async_write(stream_, parts,
                    [self = shared_from_this(), next](const error_code& error, std::size_t) {
                      self->writing_ = false;
                      self->body_.reset();
                      if (error || next == Next::close) return self->close();
                      if (next == Next::read) return self->read();
                      self->stream_.expires_never();
                      // More than one part may be waiting.
                      if (self->all_->log->has_news(self->cursor_)) self->pump();
                    });
}

}  // namespace tokamark::watch
