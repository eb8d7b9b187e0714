#pragma once

#include <cstdint>
#include <string_view>

namespace tokamark::base {

/// A seeded generator whose output is the same with every compiler and library, because the
/// sampling formulas are here and not in <random>. SplitMix64 (Steele, Lea, Flood 2014) over a
/// counter: cheap, and any stream can be started from any 64-bit seed.
class Rng {
 public:
  explicit Rng(std::uint64_t seed) : state_(seed) {}

  /// The next 64 uniform bits.
  std::uint64_t next();
  /// Uniform in [0, 1), 53 bits.
  double uniform();
  /// Uniform integer in [0, bound); `bound` > 0. Lemire's multiply-shift with rejection.
  std::uint64_t below(std::uint64_t bound);
  /// Exponential with mean 1, by inversion.
  double exponential();
  /// Standard normal, Marsaglia's polar method.
  double normal();
  /// Gamma with the given shape > 0 and mean 1 (scale 1/shape), Marsaglia & Tsang 2000.
  double gamma_mean_one(double shape);

 private:
  std::uint64_t state_;
};

/// A seed derived from another and a label, so that independent streams never share a seed by
/// accident: `derive_seed(study_seed, "repeat=3/workload=chat")`. FNV-1a, then SplitMix64
/// finaliser.
std::uint64_t derive_seed(std::uint64_t seed, std::string_view label);

}  // namespace tokamark::base
