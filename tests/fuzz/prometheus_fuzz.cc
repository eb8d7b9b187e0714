#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/prometheus.h"

/// Any text is read without a fault; what is not a sample is skipped.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(tokamark::engine::parse_prometheus(std::string(text)));
  return 0;
}
