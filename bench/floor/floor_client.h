#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <string>
#include <vector>

namespace tokamark::bench {

/// What the floor client is asked to do.
struct FloorOptions {
  sockaddr_in address{};
  std::string request;         ///< the bytes of every request
  std::uint32_t streams = 1;   ///< keep-alive connections, one request in flight on each
  std::uint64_t requests = 1;  ///< requests in all
  double longest_s = 60.0;     ///< no new request after that
};

/// What it counted. Times are seconds.
struct FloorResult {
  std::uint64_t reads = 0, events = 0, bytes = 0, responses = 0, failed = 0;
  double cpu_s = 0.0;  ///< user and system time of the process from the first request to the end
  double wall_s = 0.0;
  std::string error;  ///< why it could not start; empty otherwise
};

/// The least that a client of streamed answers can do: one epoll loop, edge-triggered, one recv of
/// at most 64 KB a readiness, chunk sizes and event ends found by hand, one clock reading a read.
/// It keeps counts and the stamps, and nothing else: the yardstick of docs/PERFORMANCE.md.
FloorResult run_floor(const FloorOptions& options);

/// Finds the ends of events and of the answer in the bytes of a chunked HTTP/1.1 response, whatever
/// the cuts. No check of anything: it trusts the server that this repository brings.
class FloorParser {
 public:
  /// Returns true when the answer ended with these bytes.
  bool feed(const char* data, std::size_t size);
  [[nodiscard]] std::uint64_t events() const { return events_; }

 private:
  enum class At { head, size, data, data_end };
  const char* body(const char* at, const char* end);
  bool size_line(char c);

  At at_ = At::head;
  std::uint64_t events_ = 0;
  std::size_t chunk_ = 0;    ///< bytes left of the chunk
  unsigned newlines_ = 0;    ///< line ends in a row
  bool last_chunk_ = false;  ///< the chunk of size zero was seen
  bool extension_ = false;   ///< behind the digits of a size line
};

}  // namespace tokamark::bench
