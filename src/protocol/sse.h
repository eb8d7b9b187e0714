#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tokamark::protocol {

/// Receives the data of one server-sent event; the view is valid during the call only.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void on_event(std::string_view data) = 0;
};

/// Splits a byte stream into server-sent events by the WHATWG rules (HTML living standard,
/// 9.2.6): lines end with LF, CR or CRLF, a leading byte order mark is dropped, comments and
/// fields other than `data` are skipped, several data lines are joined with LF, an event without
/// data is not delivered, and an event without its blank line is dropped. No socket, no clock.
/// Not thread-safe.
class SseParser {
 public:
  /// Longest event; a longer one breaks the stream.
  static constexpr std::size_t kEventLimit = 16U << 20U;

  void reset();
  /// Takes the next bytes; calls the sink once per complete event.
  void feed(std::string_view bytes, EventSink& sink);
  /// An event grew over kEventLimit; nothing is delivered any more.
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  void take_line(std::string_view line, EventSink& sink);
  void take_data(std::string_view value);
  void dispatch(EventSink& sink);

  std::string line_;         ///< a line cut by the end of the last feed
  std::string joined_;       ///< data lines kept over a feed, or several of them
  std::string_view single_;  ///< the only data line so far, inside the bytes being fed
  bool has_data_ = false;
  bool in_joined_ = false;  ///< data is in joined_, not in single_
  bool after_cr_ = false;   ///< the last byte was CR: an LF that follows belongs to it
  bool at_start_ = true;
  bool broken_ = false;
};

}  // namespace tokamark::protocol
