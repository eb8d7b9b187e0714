#pragma once

#include <cstdint>
#include <string>

namespace tokamark::bench {

/// Who reads the streams.
enum class DrainClient {
  floor,                  ///< bench/floor
  tokamark,               ///< load::play, as a trial uses it
  tokamark_io_uring,      ///< the same, receiving by io_uring
  tokamark_tls,           ///< over TLS
  tokamark_tls_io_uring,  ///< over TLS, by io_uring
};

const char* to_word(DrainClient client);
bool uses_tls(DrainClient client);

struct DrainLoad {
  std::uint16_t port = 0;
  std::uint32_t streams = 1;
  std::uint32_t tokens = 100;    ///< asked for by every request
  std::string certificate_file;  ///< trusted by the TLS client
};

/// Sends one request on each of `streams` connections and reads the answers to their ends. Runs in
/// a process of its own; returns its exit status, 0 when every answer was complete.
int run_drain_client(DrainClient client, const DrainLoad& load);

}  // namespace tokamark::bench
