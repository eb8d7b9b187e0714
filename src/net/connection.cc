#include "net/connection.h"

#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/assert.h"
#include "net/port_range.h"

namespace tokamark::net {

void Connection::connect(const Endpoint& endpoint, const std::shared_ptr<TlsContext>& tls) {
  TOKAMARK_ASSERT((endpoint.security == Security::tls) == (tls != nullptr));
  close();
  endpoint_ = &endpoint;
  tls_context_ = tls;
  socket_ = ::socket(endpoint.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket_ < 0) {
    fail(std::string("cannot open a socket: ") + std::strerror(errno));
    return;
  }
  const int on = 1;
  (void)::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  (void)use_whole_port_range(socket_);
  enable_receive_stamps(socket_);
  state_ = State::connecting;
  const auto* address = reinterpret_cast<const sockaddr*>(&endpoint.address);
  if (::connect(socket_, address, endpoint.address_size) == 0) {
    advance();
  } else if (errno != EINPROGRESS) {
    fail(std::strerror(errno));
  }
}

void Connection::advance() {
  if (state_ == State::connecting) {
    pollfd ready{socket_, POLLOUT, 0};
    if (::poll(&ready, 1, 0) <= 0) return;
    int code = 0;
    socklen_t size = sizeof code;
    (void)::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &code, &size);
    if (code != 0) {
      fail(std::strerror(code));
      return;
    }
    if (tls_context_ == nullptr) {
      state_ = State::open;
      return;
    }
    tls_ = std::make_unique<TlsSession>(tls_context_, socket_, endpoint_->host);
    state_ = State::handshaking;
  }
  if (state_ == State::handshaking) {
    switch (tls_->handshake()) {
      case TlsSession::Progress::done:
        state_ = State::open;
        break;
      case TlsSession::Progress::failed:
        fail("TLS: " + tls_->error());
        break;
      case TlsSession::Progress::want_read:
      case TlsSession::Progress::want_write:
        break;
    }
  }
}

void Connection::close() {
  tls_.reset();
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
  state_ = State::closed;
}

void Connection::fail(const std::string& what) {
  error_ = what;
  close();
  state_ = State::failed;
}

Received Connection::read(char* buffer, std::size_t capacity) {
  TOKAMARK_ASSERT(state_ == State::open);
  return tls_ ? tls_->read(buffer, capacity) : receive(socket_, buffer, capacity);
}

long Connection::write(const char* bytes, std::size_t size) {
  TOKAMARK_ASSERT(state_ == State::open);
  if (tls_) return tls_->write(bytes, size);
  ssize_t sent = 0;
  do {
    sent = ::send(socket_, bytes, size, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent;
}

}  // namespace tokamark::net
