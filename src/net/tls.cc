#include "net/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/assert.h"

namespace tokamark::net {

namespace {

/// As `receive`, from what the owner of the session gave it.
Received take_given(TlsSession::Wire& wire, char* buffer, std::size_t capacity) {
  Received got = std::exchange(wire.given_got, Received());
  if (got.status != Received::Status::bytes) return got;
  const std::size_t left = got.size - std::min(got.size, capacity);
  got.size -= left;
  got.drained = left == 0;
  std::memcpy(buffer, wire.given, got.size);
  if (left > 0) {
    wire.given += got.size;
    wire.given_got = got;
    wire.given_got.size = left;
  }
  return got;
}

int wire_read(BIO* bio, char* buffer, int capacity) {
  auto* wire = static_cast<TlsSession::Wire*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const auto room = static_cast<std::size_t>(capacity);
  const Received got =
      wire->socket_is_read ? receive(wire->socket, buffer, room) : take_given(*wire, buffer, room);
  wire->last = got.status;
  switch (got.status) {
    case Received::Status::bytes:
      if (got.stamp_ns != 0) wire->stamp_ns = got.stamp_ns;
      wire->drained = got.drained;
      return static_cast<int>(got.size);
    case Received::Status::would_block:
      BIO_set_retry_read(bio);
      return -1;
    case Received::Status::closed:
      return 0;
    case Received::Status::error:
      errno = got.error_number;
      return -1;
  }
  return -1;
}

int wire_write(BIO* bio, const char* bytes, int size) {
  const auto* wire = static_cast<TlsSession::Wire*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const ssize_t sent = ::send(wire->socket, bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

long wire_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

BIO_METHOD* wire_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stamped socket");
    BIO_meth_set_read(made, wire_read);
    BIO_meth_set_write(made, wire_write);
    BIO_meth_set_ctrl(made, wire_control);
    return made;
  }();
  return method;
}

std::string newest_ssl_error() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  if (code == 0) return "the peer closed the connection during the TLS handshake";
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "unknown TLS error";
}

}  // namespace

base::Result<std::shared_ptr<TlsContext>> TlsContext::make() {
  auto context = std::shared_ptr<TlsContext>(new TlsContext());
  SSL_CTX* ssl = SSL_CTX_new(TLS_client_method());
  context->context_ = ssl;
  if (ssl == nullptr || SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_default_verify_paths(ssl) != 1) {
    return base::Error{base::ErrorKind::engine, "cannot set up TLS: " + newest_ssl_error()};
  }
  SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                            SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(ssl, 1);
  return context;
}

TlsContext::~TlsContext() { SSL_CTX_free(static_cast<SSL_CTX*>(context_)); }

TlsSession::TlsSession(const std::shared_ptr<TlsContext>& context, int socket,
                       const std::string& host)
    : context_(context) {
  wire_.socket = socket;
  SSL* ssl = SSL_new(static_cast<SSL_CTX*>(context->context_));
  TOKAMARK_ASSERT(ssl != nullptr);
  BIO* bio = BIO_new(wire_method());
  BIO_set_data(bio, &wire_);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);
  SSL_set_connect_state(ssl);
  X509_VERIFY_PARAM* verify = SSL_get0_param(ssl);
  if (X509_VERIFY_PARAM_set1_ip_asc(verify, host.c_str()) != 1) {
    SSL_set_tlsext_host_name(ssl, host.c_str());
    SSL_set1_host(ssl, host.c_str());
  }
  ERR_clear_error();
  session_ = ssl;
}

TlsSession::~TlsSession() { SSL_free(static_cast<SSL*>(session_)); }

TlsSession::Progress TlsSession::handshake() {
  auto* ssl = static_cast<SSL*>(session_);
  const int done = SSL_do_handshake(ssl);
  if (done == 1) return Progress::done;
  switch (SSL_get_error(ssl, done)) {
    case SSL_ERROR_WANT_READ:
      return Progress::want_read;
    case SSL_ERROR_WANT_WRITE:
      return Progress::want_write;
    default:
      break;
  }
  const long verified = SSL_get_verify_result(ssl);
  error_ = newest_ssl_error();
  if (verified != X509_V_OK) error_ += std::string(": ") + X509_verify_cert_error_string(verified);
  return Progress::failed;
}

void TlsSession::prefetch() const {
  constexpr std::size_t kLine = 64;
  const char* const begin = static_cast<const char*>(session_);
  for (std::size_t at = 0; at < 4 * kLine; at += kLine) __builtin_prefetch(begin + at, 1);
}

Received TlsSession::read(char* buffer, std::size_t capacity) {
  auto* ssl = static_cast<SSL*>(session_);
  Received result;
  const int got = SSL_read(ssl, buffer, static_cast<int>(capacity));
  if (got > 0) {
    result.status = Received::Status::bytes;
    result.size = static_cast<std::size_t>(got);
    result.stamp_ns = wire_.stamp_ns;
    result.drained = wire_.drained && SSL_has_pending(ssl) == 0;
    return result;
  }
  switch (SSL_get_error(ssl, got)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      result.status = Received::Status::would_block;
      return result;
    case SSL_ERROR_ZERO_RETURN:
      result.status = Received::Status::closed;
      return result;
    default:
      break;
  }
  if (wire_.last == Received::Status::closed) {
    result.status = Received::Status::closed;  // no close_notify, as many servers do
  } else {
    result.status = Received::Status::error;
    result.error_number = errno != 0 ? errno : EPROTO;
  }
  ERR_clear_error();
  return result;
}

long TlsSession::write(const char* bytes, std::size_t size) {
  auto* ssl = static_cast<SSL*>(session_);
  const int sent = SSL_write(ssl, bytes, static_cast<int>(size));
  if (sent > 0) return sent;
  const int reason = SSL_get_error(ssl, sent);
  ERR_clear_error();
  if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE) {
    errno = EAGAIN;
  } else if (errno == 0 || errno == EAGAIN) {
    errno = EPROTO;
  }
  return -1;
}

std::string TlsSession::error() const { return error_; }

}  // namespace tokamark::net
