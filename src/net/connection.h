#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"
#include "net/address.h"
#include "net/receive.h"
#include "net/tls.h"

namespace tokamark::net {

/// One non-blocking stream connection, plain or TLS, with receive stamps. The owner's event loop
/// calls `advance` while it is not `open`, and `read` and `write` afterwards. Not thread-safe.
class Connection {
 public:
  enum class State { closed, connecting, handshaking, open, failed };

  Connection() = default;
  ~Connection() { close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Starts to connect; `tls` is set exactly when the endpoint wants TLS. The endpoint must
  /// outlive the connection. On failure the state is `failed`.
  void connect(const Endpoint& endpoint, const std::shared_ptr<TlsContext>& tls);
  /// Continues after the socket became ready.
  void advance();
  void close();

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] int socket() const { return socket_; }
  /// What `failed` means, in words.
  [[nodiscard]] const std::string& error() const { return error_; }

  /// Asks for the memory that the next `read` needs beside this object's own: `prefetch_session`
  /// first, `prefetch_targets` some reads later.
  void prefetch_session() const {
    if (tls_) __builtin_prefetch(tls_.get(), 1);
  }
  void prefetch_targets() const {
    if (tls_) tls_->prefetch();
  }

  Received read(char* buffer, std::size_t capacity);

  [[nodiscard]] bool uses_tls() const { return tls_ != nullptr; }
  /// For an owner that receives from the socket itself: through TLS, `read` then decrypts what was
  /// given until it would block, and `bytes` must live until then. Without TLS there is nothing to
  /// read.
  void stop_reading_socket() {
    if (tls_) tls_->stop_reading_socket();
  }
  void give(const char* bytes, const Received& got) { tls_->give(bytes, got); }

  /// Bytes taken, or -1 with errno set (EAGAIN: try again when writable).
  long write(const char* bytes, std::size_t size);

 private:
  void fail(const std::string& what);

  State state_ = State::closed;
  int socket_ = -1;
  std::unique_ptr<TlsSession> tls_;
  const Endpoint* endpoint_ = nullptr;
  std::shared_ptr<TlsContext> tls_context_;
  std::string error_;
};

}  // namespace tokamark::net
