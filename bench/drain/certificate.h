#pragma once

#include <openssl/ssl.h>

#include <string>

namespace tokamark::bench {

/// A server's TLS settings with a fresh certificate for 127.0.0.1 that signed itself; its PEM text
/// is written to `file`, for the client to trust. The caller frees it with SSL_CTX_free.
SSL_CTX* make_server_tls(const std::string& file);

}  // namespace tokamark::bench
