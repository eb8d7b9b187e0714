#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tokamark::net {

/// The local ports that the kernel picks from for a connection, both ends included.
struct PortRange {
  std::uint16_t low = 0, high = 0;
  [[nodiscard]] std::uint32_t size() const { return std::uint32_t{high} - low + 1; }
};

/// The text of /proc/sys/net/ipv4/ip_local_port_range. Empty when malformed.
std::optional<PortRange> parse_port_range(std::string_view text);

/// That file, read once in the life of the program.
std::optional<PortRange> local_port_range();

/// Gives a socket the whole range as its own (IP_LOCAL_PORT_RANGE, Linux 6.3). Without it the
/// kernel first tries only the ports of one parity, so connections to one address beyond half of
/// the range take 0.5 ms each instead of 20 us. Call before connect; false when the kernel cannot.
bool use_whole_port_range(int socket);

}  // namespace tokamark::net
