#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <string>
#include <vector>

#include "drain/drain_clients.h"

namespace tokamark::bench {

struct DrainOptions {
  std::uint32_t streams = 4000;
  std::uint32_t rounds = 50;     ///< measured chunks of every stream
  SSL_CTX* tls = nullptr;        ///< for the TLS client
  std::string certificate_file;  ///< what that client is to trust
  /// Whether the client stands still while a round is written, so that each read finds one chunk
  /// and no wake-up is in its CPU time; else it runs, as in a trial.
  enum class Client { stands, runs } client = Client::stands;
};

/// One run of one client.
struct DrainRun {
  std::uint64_t events = 0;
  double cpu_s = 0.0;  ///< of the client's process, between its continuation and its next sleep
  double memory_bytes = 0.0;  ///< the client's own memory (RssAnon) when all tokens were read
  std::string error;          ///< empty when every answer was complete
  [[nodiscard]] double us_per_event() const {
    return events == 0 ? 0.0 : cpu_s * 1e6 / static_cast<double>(events);
  }
};

/// Starts `client` in a child process and serves it. Each round the child is stopped, one chunk of
/// one event is written to each stream, the child continues, and its CPU time until it sleeps in
/// its event loop again is added up. So every read finds exactly one chunk, and no wake-up between
/// chunks is in the figure.
DrainRun run_drain(DrainClient client, const DrainOptions& options);

}  // namespace tokamark::bench
