#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"

namespace tokamark::engine {

/// Succeeds when a server can listen on the port and nothing answers there yet: a bind test on
/// `host` as servers bind (SO_REUSEADDR), and a connect test, which also finds a server that
/// listens on another address of this machine. The error has kind `engine` and names the port, who
/// listens where /proc tells, and the fix.
base::Result<void> check_port_free(const std::string& host, std::uint16_t port);

/// Whether a connection to the port succeeds within a second.
bool port_answers(const std::string& host, std::uint16_t port);

/// Whether a server could listen on the port now.
bool port_bindable(const std::string& host, std::uint16_t port);

/// The address a client uses for a server that listens on `host`: a wildcard becomes loopback.
std::string client_host(const std::string& host);

}  // namespace tokamark::engine
