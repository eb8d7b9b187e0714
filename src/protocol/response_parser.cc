#include "protocol/response_parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cstring>
#include <limits>
#include <optional>

#include "base/assert.h"

namespace tokamark::protocol {

namespace http = boost::beast::http;

namespace {

/// Beast's framing with our two callbacks; lives for one response.
class BeastParser final : public http::basic_parser<false> {
 public:
  BeastParser() {
    eager(true);
    skip(false);
    // Not boost::none: Boost 1.74 compares a length with it and calls every length too long.
    body_limit((std::numeric_limits<std::uint64_t>::max)());
    header_limit(ResponseParser::kHeaderLimit);
  }
  void set_sink(ResponseSink* sink) { sink_ = sink; }

 private:
  using View = boost::beast::string_view;
  using Code = boost::beast::error_code;

  void on_request_impl(http::verb, View, View, int, Code&) override {}
  void on_response_impl(int code, View, int, Code&) override { status_ = code; }
  void on_field_impl(http::field, View, View, Code&) override {}
  void on_header_impl(Code&) override { sink_->on_head(status_); }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Code&) override {}
  std::size_t on_body_impl(View body, Code&) override { return deliver(body); }
  void on_chunk_header_impl(std::uint64_t, View, Code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, View body, Code&) override { return deliver(body); }
  void on_finish_impl(Code&) override {}

  std::size_t deliver(View body) {
    sink_->on_body(std::string_view(body.data(), body.size()));
    return body.size();
  }

  ResponseSink* sink_ = nullptr;
  int status_ = 0;
};

}  // namespace

class ResponseParser::Machine {
 public:
  std::optional<BeastParser> parser;
};

ResponseParser::ResponseParser() : machine_(std::make_unique<Machine>()) {
  machine_->parser.emplace();
}
ResponseParser::~ResponseParser() = default;
ResponseParser::ResponseParser(ResponseParser&&) noexcept = default;
ResponseParser& ResponseParser::operator=(ResponseParser&&) noexcept = default;

void ResponseParser::prefetch() const {
  constexpr std::size_t kLine = 64;
  const char* const begin = reinterpret_cast<const char*>(machine_.get());
  for (std::size_t at = 0; at < sizeof(Machine); at += kLine) __builtin_prefetch(begin + at, 1);
}

void ResponseParser::reset() {
  machine_->parser.emplace();
  carry_.clear();
  state_ = State::head;
  whole_ = false;
  keep_alive_ = false;
  error_.clear();
}

void ResponseParser::feed(char* data, std::size_t size, ResponseSink& sink) {
  TOKAMARK_ASSERT(data != nullptr || size == 0);
  if (state_ == State::broken || size == 0) return;
  if (state_ == State::done) {
    state_ = State::broken;
    error_ = "bytes after the end of the response";
    return;
  }
  if (carry_.empty()) {
    drive(data, size, sink);
  } else if (carry_.size() <= kHeadroom) {
    const std::size_t left = carry_.size();
    std::memcpy(data - left, carry_.data(), left);
    carry_.clear();
    drive(data - left, left + size, sink);
  } else {
    std::string joined = std::move(carry_);
    carry_.clear();
    joined.append(data, size);
    drive(joined.data(), joined.size(), sink);
  }
}

void ResponseParser::drive(const char* data, std::size_t size, ResponseSink& sink) {
  BeastParser& parser = *machine_->parser;
  parser.set_sink(&sink);
  while (size > 0 && !parser.is_done()) {
    boost::beast::error_code code;
    const std::size_t used = parser.put(boost::asio::const_buffer(data, size), code);
    data += used;
    size -= used;
    if (code == http::error::need_more) break;
    if (code) {
      state_ = State::broken;
      error_ = code.message();
      return;
    }
    if (used == 0 && !parser.is_done()) break;
  }
  if (parser.is_header_done() && state_ == State::head) state_ = State::body;
  if (!parser.is_done()) carry_.assign(data, size);
  finish_if_done(parser.is_done() ? size : 0);
}

void ResponseParser::finish_if_done(std::size_t left) {
  BeastParser& parser = *machine_->parser;
  if (!parser.is_done()) return;
  whole_ = true;
  keep_alive_ = parser.keep_alive();
  state_ = left == 0 ? State::done : State::broken;
  if (left != 0) error_ = "bytes after the end of the response";
}

void ResponseParser::feed_eof(ResponseSink& sink) {
  if (state_ == State::broken || state_ == State::done) return;
  BeastParser& parser = *machine_->parser;
  parser.set_sink(&sink);
  boost::beast::error_code code;
  if (parser.got_some()) {
    parser.put_eof(code);
  } else {
    code = http::error::end_of_stream;
  }
  if (!code && parser.is_done()) {
    state_ = State::done;
    whole_ = true;
    keep_alive_ = false;
    return;
  }
  state_ = State::broken;
  error_ = carry_.empty() && !parser.got_some() ? "closed before any byte of the response"
                                                : "closed in the middle of the response";
}

}  // namespace tokamark::protocol
