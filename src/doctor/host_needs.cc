#include "doctor/host_needs.h"

#include <algorithm>

namespace tokamark::doctor {

namespace {

using probe::HostNeeds;

constexpr double kGuessedAnswer_s = 10.0;

/// Whether an engine is reached over the loopback, as far as its address says it.
bool is_here(const engine::EngineSpec& spec) {
  std::string host = spec.host;
  if (!spec.url.empty()) {
    const std::size_t scheme = spec.url.find("://");
    host = spec.url.substr(scheme == std::string::npos ? 0 : scheme + 3);
    if (!host.empty() && host.front() == '[') host.erase(0, 1);
  }
  const auto starts = [&host](const char* text) { return host.rfind(text, 0) == 0; };
  return starts("127.") || starts("localhost") || starts("::1") || starts("0.0.0.0");
}

}  // namespace

HostNeeds host_needs(const study::Study& study, const study::Plan& plan) {
  HostNeeds needs;
  needs.threads = study.client.threads;
  needs.io_uring = study.client.receive == study::ClientReceive::io_uring;
  const double answer_s = study.slo.e2e_ms ? *study.slo.e2e_ms / 1000.0 : kGuessedAnswer_s;
  bool here = false, elsewhere = false;
  for (const study::EngineVisit& visit : plan.visits) {
    (is_here(study.engines[visit.engine]) ? here : elsewhere) = true;
    for (const study::PlannedTrial& trial : visit.trials) {
      if (trial.load.kind == workload::LoadKind::closed) {
        needs.concurrency = std::max(needs.concurrency, trial.load.concurrency);
      } else {
        needs.rate_per_s = std::max(needs.rate_per_s, trial.load.rate_per_s);
      }
    }
  }
  needs.expected_in_flight = needs.rate_per_s * answer_s;
  if (elsewhere) needs.engines = here ? HostNeeds::Where::both : HostNeeds::Where::elsewhere;
  return needs;
}

}  // namespace tokamark::doctor
