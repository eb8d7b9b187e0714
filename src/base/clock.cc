#include "base/clock.h"

#include <cmath>
#include <ctime>

namespace tokamark::base {

namespace {

std::string utc_now(const char* format) {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  const std::size_t length = std::strftime(text, sizeof text, format, &parts);
  return {text, length};
}

}  // namespace

Nanos from_seconds(double seconds) {
  return Nanos(static_cast<Nanos::rep>(std::llround(seconds * 1e9)));
}

std::string utc_now_iso8601() { return utc_now("%Y-%m-%dT%H:%M:%SZ"); }
std::string utc_now_compact() { return utc_now("%Y%m%dT%H%M%SZ"); }

}  // namespace tokamark::base
