#include "net/port_range.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <charconv>
#include <fstream>
#include <string>

namespace tokamark::net {

namespace {

/// IP_LOCAL_PORT_RANGE of linux/in.h, which older headers lack.
constexpr int kLocalPortRange = 51;

}  // namespace

std::optional<PortRange> parse_port_range(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  PortRange range;
  for (std::uint16_t* port : {&range.low, &range.high}) {
    while (at != end && (*at == ' ' || *at == '\t')) ++at;
    const auto [next, error] = std::from_chars(at, end, *port);
    if (error != std::errc()) return std::nullopt;
    at = next;
  }
  if (range.low == 0 || range.low > range.high) return std::nullopt;
  return range;
}

std::optional<PortRange> local_port_range() {
  static const std::optional<PortRange> range = [] {
    std::ifstream file("/proc/sys/net/ipv4/ip_local_port_range");
    std::string line;
    std::getline(file, line);
    return parse_port_range(line);
  }();
  return range;
}

bool use_whole_port_range(int socket) {
  const auto range = local_port_range();
  if (!range) return false;
  const std::uint32_t both = std::uint32_t{range->high} << 16 | range->low;
  return ::setsockopt(socket, IPPROTO_IP, kLocalPortRange, &both, sizeof both) == 0;
}

}  // namespace tokamark::net
