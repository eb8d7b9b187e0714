#include "watch/loopback.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cctype>

namespace tokamark::watch {

namespace {

constexpr std::size_t kLongestPort = 5;

bool is_loopback_v4(const std::string& text) {
  in_addr address{};
  return ::inet_pton(AF_INET, text.c_str(), &address) == 1 &&
         (ntohl(address.s_addr) >> 24U) == 127U;
}

bool is_loopback_v6(const std::string& text) {
  in6_addr address{};
  return ::inet_pton(AF_INET6, text.c_str(), &address) == 1 &&
         std::equal(std::begin(address.s6_addr), std::end(address.s6_addr),
                    std::begin(in6addr_loopback.s6_addr));
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

/// Whether the text is empty or ":" and a number.
bool is_port(std::string_view text) {
  if (text.empty()) return true;
  if (text.front() != ':' || text.size() > kLongestPort + 1) return false;
  return std::all_of(text.begin() + 1, text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

base::Result<std::string> loopback_address(const std::string& host) {
  if (lower(host) == "localhost") return std::string("127.0.0.1");
  std::string bare = host;
  if (bare.size() > 2 && bare.front() == '[' && bare.back() == ']') {
    bare = bare.substr(1, bare.size() - 2);
  }
  if (is_loopback_v4(bare) || is_loopback_v6(bare)) return bare;
  return base::Error{base::ErrorKind::usage,
                     "--host " + host +
                         ": watch listens on loopback addresses only, such as 127.0.0.1; from "
                         "another machine use a tunnel: ssh -L 8980:127.0.0.1:8980 MACHINE"};
}

bool is_local_host_field(std::string_view field) {
  if (field.size() > 64) return false;
  if (!field.empty() && field.front() == '[') {
    const std::size_t end = field.find(']');
    if (end == std::string_view::npos) return false;
    return is_loopback_v6(std::string(field.substr(1, end - 1))) && is_port(field.substr(end + 1));
  }
  const std::size_t colon = std::min(field.find(':'), field.size());
  const std::string name = lower(field.substr(0, colon));
  return (name == "localhost" || is_loopback_v4(name)) && is_port(field.substr(colon));
}

}  // namespace tokamark::watch
