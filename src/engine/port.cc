#include "engine/port.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "engine/proc_table.h"

namespace tokamark::engine {

namespace {

using base::Error;
using base::ErrorKind;

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

Addresses resolve(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const char* name = host.empty() ? nullptr : host.c_str();
  if (::getaddrinfo(name, std::to_string(port).c_str(), &hints, &list) != 0) return nullptr;
  return Addresses(list);
}

/// 0, or the errno of the bind.
int try_bind(const addrinfo& address) {
  const int fd = ::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  // Linux refuses the bind only when a socket listens; listening as well settles the rest.
  const bool good = ::bind(fd, address.ai_addr, address.ai_addrlen) == 0 && ::listen(fd, 1) == 0;
  const int code = good ? 0 : errno;
  ::close(fd);
  return code;
}

int bind_error(const std::string& host, std::uint16_t port) {
  const Addresses addresses = resolve(host, port);
  if (!addresses) return EADDRNOTAVAIL;
  return try_bind(*addresses);
}

bool try_connect(const addrinfo& address) {
  const int fd = ::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return false;
  bool connected = ::connect(fd, address.ai_addr, address.ai_addrlen) == 0;
  if (!connected && errno == EINPROGRESS) {
    pollfd waiting{fd, POLLOUT, 0};
    int code = 0;
    socklen_t length = sizeof code;
    connected = ::poll(&waiting, 1, 1000) == 1 &&
                ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &length) == 0 && code == 0;
  }
  ::close(fd);
  return connected;
}

}  // namespace

std::string client_host(const std::string& host) {
  if (host.empty() || host == "0.0.0.0" || host == "*") return "127.0.0.1";
  if (host == "::" || host == "[::]") return "::1";
  return host;
}

bool port_answers(const std::string& host, std::uint16_t port) {
  const Addresses addresses = resolve(client_host(host), port);
  for (const addrinfo* at = addresses.get(); at != nullptr; at = at->ai_next) {
    if (try_connect(*at)) return true;
  }
  return false;
}

bool port_bindable(const std::string& host, std::uint16_t port) {
  return bind_error(host, port) == 0;
}

base::Result<void> check_port_free(const std::string& host, std::uint16_t port) {
  const int code = bind_error(host, port);
  if (code == EACCES) {
    return Error{ErrorKind::engine,
                 fmt::format("port {} needs root to listen on; use a port above 1023", port)};
  }
  if (code == EADDRNOTAVAIL) {
    return Error{ErrorKind::engine,
                 fmt::format("host \"{}\" is not an address of this machine; use 127.0.0.1", host)};
  }
  if (code == 0 && !port_answers(host, port)) return base::ok();
  const auto owner = listener_of(port);
  const std::string who =
      owner ? fmt::format("pid {} ({}) listens there", owner->pid, owner->name)
            : std::string("another process, which this user may not look at, listens there");
  return Error{ErrorKind::engine,
               fmt::format("port {} on {} is in use: {}; stop it, or give this engine another "
                           "`port`",
                           port, host, who)};
}

}  // namespace tokamark::engine
