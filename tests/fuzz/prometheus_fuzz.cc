// libFuzzer target: any bytes as a metrics page. The samples that are read, written as a page
// again, must be read as the same samples. A histogram that is found among them is whole.
#include <fmt/format.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/counters.h"
#include "engine/prometheus.h"
#include "fuzz_input.h"

namespace {

using tokamark::engine::MetricSample;
using tokamark::engine::MetricsPage;
using tokamark::engine::parse_prometheus;

std::string escaped(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (c == '\\' || c == '"') text += '\\';
    text += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return text;
}

std::string page_of(const MetricsPage& page) {
  std::string text;
  for (const MetricSample& sample : page.samples) {
    text += sample.name + "{";
    for (const auto& [name, value] : sample.labels) {
      text += fmt::format("{}=\"{}\",", name, escaped(value));
    }
    text += fmt::format("}} {}", sample.value);
    if (sample.timestamp_ms) text += fmt::format(" {}", *sample.timestamp_ms);
    text += "\n";
  }
  return text;
}

void check_same(const MetricSample& a, const MetricSample& b) {
  TOKAMARK_ASSERT(a.name == b.name && a.labels == b.labels);
  TOKAMARK_ASSERT(a.value == b.value || (std::isnan(a.value) && std::isnan(b.value)));
  TOKAMARK_ASSERT(a.timestamp_ms == b.timestamp_ms);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto page = parse_prometheus(tokamark::fuzz::Input(data, size).rest());
  if (!page.has_value()) {
    tokamark::fuzz::check_error(page.error());
    return 0;
  }
  const auto again = parse_prometheus(page_of(page.value()));
  TOKAMARK_ASSERT(again.has_value());
  TOKAMARK_ASSERT(again.value().samples.size() == page.value().samples.size());
  for (std::size_t i = 0; i < page.value().samples.size(); ++i) {
    check_same(page.value().samples[i], again.value().samples[i]);
  }
  for (const auto& [name, histogram] : tokamark::engine::named_metrics(page.value()).histograms) {
    TOKAMARK_ASSERT(!histogram.cumulative.empty());
    TOKAMARK_ASSERT(std::isfinite(histogram.sum_s) && std::isfinite(histogram.count));
    for (const auto& [bound, count] : histogram.cumulative) {
      TOKAMARK_ASSERT(!std::isnan(bound) && std::isfinite(count));
    }
  }
  return 0;
}
