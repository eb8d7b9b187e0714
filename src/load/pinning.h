#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tokamark::load {

/// Which cores the load threads are asked to stay on (`client.pin` of the study).
struct PinRule {
  enum class Kind { automatic, none, listed };
  Kind kind = Kind::automatic;
  std::vector<int> cpus;  ///< listed: load thread t stays on the t-th
};

/// The cores of the load threads, one each; without any, why the threads are not pinned.
struct PinPlan {
  std::vector<int> cpus;
  std::string word;  ///< "pinned", "off", or "too_few_cores"
};

/// Automatic pinning takes the highest allowed cores, because interrupts and other programs are
/// most often found on the lowest, and happens only where at least four cores are allowed and two
/// more than there are load threads: a pinned thread cannot evade an engine that uses every core.
PinPlan plan_pinning(const PinRule& rule, std::uint32_t threads, const std::vector<int>& allowed);

/// The cores that the calling thread may use, ascending; empty when the kernel does not say.
std::vector<int> allowed_cpus();

/// Keeps the calling thread on one core. False when it was refused, which is no error.
bool stay_on(int cpu);

}  // namespace tokamark::load
