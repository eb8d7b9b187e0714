#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace tokamark::protocol {

/// What a response parser tells its owner. Views are valid during the call only.
class ResponseSink {
 public:
  virtual ~ResponseSink() = default;
  /// The status line and all header fields are in.
  virtual void on_head(int status) = 0;
  /// The next body bytes, without any transfer coding.
  virtual void on_body(std::string_view bytes) = 0;
};

/// HTTP/1.1 responses on one connection, as bytes in and body out; no socket, no clock. One
/// response at a time: `reset` before the next. Framing is Boost.Beast's. Not thread-safe.
class ResponseParser {
 public:
  /// Bytes in front of `data` that `feed` may overwrite, to put back what the last call left.
  static constexpr std::size_t kHeadroom = 1024;
  /// Longest status line and header fields.
  static constexpr std::uint32_t kHeaderLimit = 64 * 1024;

  enum class State {
    head,  ///< before the end of the header fields
    body,
    done,    ///< the whole response is in
    broken,  ///< not HTTP/1.1, or over a limit; `error` says what
  };

  ResponseParser();
  ~ResponseParser();
  ResponseParser(ResponseParser&&) noexcept;
  ResponseParser& operator=(ResponseParser&&) noexcept;

  /// Forgets everything, for the next response on the connection.
  void reset();

  /// Takes `size` bytes at `data`; the `kHeadroom` bytes before `data` must be writable. Bytes
  /// beyond the end of the response make it `broken`: nothing was asked for them.
  void feed(char* data, std::size_t size, ResponseSink& sink);

  /// The peer closed its side. Ends a body that has no stated length; anywhere else it breaks.
  void feed_eof(ResponseSink& sink);

  /// Asks for the memory that the next `feed` needs beside this object's own.
  void prefetch() const;

  [[nodiscard]] State state() const { return state_; }
  /// Whether the response has come to its end, also where bytes beyond it made it `broken`.
  [[nodiscard]] bool whole() const { return whole_; }
  /// Whether the connection can carry another request; meaningful when `done`.
  [[nodiscard]] bool keep_alive() const { return keep_alive_; }
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  class Machine;
  void drive(const char* data, std::size_t size, ResponseSink& sink);
  void finish_if_done(std::size_t left);

  std::unique_ptr<Machine> machine_;
  State state_ = State::head;
  bool whole_ = false;
  bool keep_alive_ = false;
  std::string carry_;
  std::string error_;
};

}  // namespace tokamark::protocol
