#pragma once

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <memory>
#include <optional>
#include <string>

#include "watch/server.h"

namespace tokamark::watch {

/// What sessions share: the content, and how many there are.
struct Sessions {
  Content content;
  std::chrono::milliseconds patience{};
  const EventLog* log = nullptr;
  std::size_t connections = 0, followers = 0;
};

/// One connection: reads a request, writes its answer, and so on; or follows the event log until
/// either side ends. At most one write is under way, so a slow client costs one answer or one part
/// of the log. Lives as long as an operation of it does.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(boost::asio::ip::tcp::socket socket, std::shared_ptr<Sessions> all);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void start() { read(); }
  /// Sends what is new to a follower that has taken everything so far.
  void pump();
  void close();

 private:
  using Request = boost::beast::http::request<boost::beast::http::empty_body>;
  enum class Next { read, follow, close };

  void read();
  void on_request();
  [[nodiscard]] std::optional<Answer> refusal(const Request& request) const;
  void answer(const Request& request, const Answer& answer);
  void follow(const Request& request);
  void watch_for_end();
  void write(std::string head, std::shared_ptr<const std::string> body, Next next);

  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer buffer_;
  std::optional<boost::beast::http::request_parser<boost::beast::http::empty_body>> parser_;
  std::shared_ptr<Sessions> all_;
  std::string head_;                         ///< being written
  std::shared_ptr<const std::string> body_;  ///< being written after it; may be null
  std::array<char, 64> ignored_{};           ///< what a follower sends
  bool follows_ = false, writing_ = false;
  int quiet_ticks_ = 0;  ///< since a follower was last sent something
  Cursor cursor_;
};

}  // namespace tokamark::watch
