#include "load/pinning.h"

#include <pthread.h>
#include <sched.h>

namespace tokamark::load {

namespace {

constexpr std::size_t kLeastCores = 4;

}  // namespace

PinPlan plan_pinning(const PinRule& rule, std::uint32_t threads, const std::vector<int>& allowed) {
  if (rule.kind == PinRule::Kind::none) return {{}, "off"};
  if (rule.kind == PinRule::Kind::listed) {
    if (rule.cpus.size() < threads) return {{}, "too_few_cores"};
    return {{rule.cpus.begin(), rule.cpus.begin() + threads}, "pinned"};
  }
  if (allowed.size() < kLeastCores || allowed.size() < std::size_t{threads} + 2) {
    return {{}, "too_few_cores"};
  }
  return {{allowed.end() - threads, allowed.end()}, "pinned"};
}

std::vector<int> allowed_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cpus;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

bool stay_on(int cpu) {
  if (cpu < 0 || cpu >= CPU_SETSIZE) return false;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  return ::pthread_setaffinity_np(::pthread_self(), sizeof set, &set) == 0;
}

}  // namespace tokamark::load
