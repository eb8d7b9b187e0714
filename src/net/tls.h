#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "net/receive.h"

namespace tokamark::net {

/// Client-side TLS settings shared by all connections of a trial: TLS 1.2 or newer, the system's
/// trusted certificates, the host name checked. Thread-safe after creation.
class TlsContext {
 public:
  static base::Result<std::shared_ptr<TlsContext>> make();
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

 private:
  friend class TlsSession;
  TlsContext() = default;
  void* context_ = nullptr;  ///< SSL_CTX
};

/// One TLS session over a non-blocking socket it does not own. Reads go through a BIO of ours, so
/// that they keep the kernel's receive stamp: that of the newest packet read so far.
class TlsSession {
 public:
  enum class Progress { done, want_read, want_write, failed };

  TlsSession(const std::shared_ptr<TlsContext>& context, int socket, const std::string& host);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  /// Drives the handshake; call again when the socket is ready.
  Progress handshake();
  /// Decrypted bytes, with the stamp of the newest packet that was needed for them.
  Received read(char* buffer, std::size_t capacity);
  /// Bytes taken, or -1 with errno set: EAGAIN when it must be tried again with the same bytes.
  long write(const char* bytes, std::size_t size);
  /// What the last `failed` was, in words.
  [[nodiscard]] std::string error() const;

  /// Asks for the memory that the next `read` needs, as far as it is known here.
  void prefetch() const;

  /// From now on reads take what was `give`n and leave the socket alone.
  void stop_reading_socket() { wire_.socket_is_read = false; }
  /// What somebody else read from the socket, for `read` until it would block; `bytes` must live
  /// until then.
  void give(const char* bytes, const Received& got) { wire_.given = bytes, wire_.given_got = got; }

  /// What the BIO reads from: the socket, and what the newest read of it said.
  struct Wire {
    int socket = -1;
    bool socket_is_read = true;
    const char* given = nullptr;
    Received given_got;  ///< of what is left of it
    Received::Status last = Received::Status::would_block;
    bool drained = false;
    std::int64_t stamp_ns = 0;
  };

 private:
  Wire wire_;
  void* session_ = nullptr;  ///< SSL
  std::shared_ptr<TlsContext> context_;
  std::string error_;
};

}  // namespace tokamark::net
