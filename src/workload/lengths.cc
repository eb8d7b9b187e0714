#include "workload/lengths.h"

#include <cmath>

#include "base/assert.h"

namespace tokamark::workload {

namespace {

std::uint32_t at_probability(const LengthSpec& spec, double probability) {
  TOKAMARK_ASSERT(!spec.table.empty());
  if (probability <= spec.table.front().first) return spec.table.front().second;
  for (std::size_t i = 1; i < spec.table.size(); ++i) {
    const auto& [left, low] = spec.table[i - 1];
    const auto& [right, high] = spec.table[i];
    if (probability > right) continue;
    const double share = (probability - left) / (right - left);
    return low + static_cast<std::uint32_t>(std::lround(share * (high - low)));
  }
  return spec.table.back().second;
}

}  // namespace

std::uint32_t sample_length(const LengthSpec& spec, base::Rng& rng) {
  switch (spec.kind) {
    case LengthSpec::Kind::fixed:
      return spec.fixed;
    case LengthSpec::Kind::uniform: {
      TOKAMARK_ASSERT(spec.low <= spec.high);
      const std::uint64_t choices = std::uint64_t{spec.high} - spec.low + 1;
      return spec.low + static_cast<std::uint32_t>(rng.below(choices));
    }
    case LengthSpec::Kind::quantiles:
      break;
  }
  return at_probability(spec, rng.uniform());
}

std::uint32_t least_length(const LengthSpec& spec) {
  switch (spec.kind) {
    case LengthSpec::Kind::fixed:
      return spec.fixed;
    case LengthSpec::Kind::uniform:
      return spec.low;
    case LengthSpec::Kind::quantiles:
      break;
  }
  return at_probability(spec, 0.0);
}

std::uint32_t greatest_length(const LengthSpec& spec) {
  switch (spec.kind) {
    case LengthSpec::Kind::fixed:
      return spec.fixed;
    case LengthSpec::Kind::uniform:
      return spec.high;
    case LengthSpec::Kind::quantiles:
      break;
  }
  return at_probability(spec, 1.0);
}

}  // namespace tokamark::workload
