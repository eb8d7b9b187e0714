#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <string>

#include "base/error.h"

namespace tokamark::net {

enum class Security { plain, tls };

/// An HTTP endpoint: where to connect and what to call it.
struct Endpoint {
  Security security = Security::plain;
  std::string host;         ///< name or address, without brackets
  std::string host_header;  ///< host[:port] as the Host field wants it
  std::string path_prefix;  ///< path of the base URL without a trailing slash, often empty
  sockaddr_storage address{};
  socklen_t address_size = 0;
  int family = AF_INET;
};

/// Parses an http(s) base URL and resolves its host once. Errors have kind `engine`, name the URL
/// and say what is wrong with it.
base::Result<Endpoint> resolve(const std::string& url);

}  // namespace tokamark::net
