#include "protocol/sse.h"

#include <algorithm>

namespace tokamark::protocol {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

void SseParser::reset() { *this = SseParser(); }

void SseParser::feed(std::string_view bytes, EventSink& sink) {
  while (!bytes.empty() && !broken_) {
    if (after_cr_) {
      after_cr_ = false;
      if (bytes.front() == '\n') {
        bytes.remove_prefix(1);
        continue;
      }
    }
    // Two searches for one byte each: find_first_of looks at every byte by itself.
    const std::size_t newline = bytes.find('\n');
    const std::size_t end = std::min(newline, bytes.substr(0, newline).find('\r'));
    if (end == std::string_view::npos) {
      line_.append(bytes);
      break;
    }
    after_cr_ = bytes[end] == '\r';
    if (line_.empty()) {
      take_line(bytes.substr(0, end), sink);
    } else {
      line_.append(bytes.substr(0, end));
      const std::string whole = std::move(line_);
      line_.clear();
      take_line(whole, sink);
      if (has_data_ && !in_joined_) {  // `whole` ends with this block
        joined_.assign(single_);
        in_joined_ = true;
      }
    }
    bytes.remove_prefix(end + 1);
  }
  if (has_data_ && !in_joined_) {
    joined_.assign(single_);
    in_joined_ = true;
  }
  if (line_.size() + joined_.size() > kEventLimit) broken_ = true;
}

void SseParser::take_line(std::string_view line, EventSink& sink) {
  if (at_start_) {
    at_start_ = false;
    if (line.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
      line.remove_prefix(kByteOrderMark.size());
    }
  }
  if (line.empty()) {
    dispatch(sink);
    return;
  }
  constexpr std::string_view kData = "data";
  if (line.substr(0, kData.size()) != kData) return;
  line.remove_prefix(kData.size());
  if (line.empty()) {
    take_data(line);
  } else if (line.front() == ':') {
    line.remove_prefix(1);
    if (!line.empty() && line.front() == ' ') line.remove_prefix(1);
    take_data(line);
  }
}

void SseParser::take_data(std::string_view value) {
  if (!has_data_) {
    has_data_ = true;
    in_joined_ = false;
    single_ = value;
    return;
  }
  if (!in_joined_) {
    joined_.assign(single_);
    in_joined_ = true;
  }
  joined_.push_back('\n');
  joined_.append(value);
  if (joined_.size() > kEventLimit) broken_ = true;
}

void SseParser::dispatch(EventSink& sink) {
  if (!has_data_) return;
  has_data_ = false;
  if (in_joined_) {
    sink.on_event(joined_);
    joined_.clear();
    in_joined_ = false;
  } else {
    sink.on_event(single_);
  }
}

}  // namespace tokamark::protocol
