#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "probe/host_checks.h"
#include "study/plan.h"
#include "study/study.h"

namespace tokamark::run {

/// What a plan will ask of this machine. An open load has no stated number in flight; its rate
/// times `slo.e2e_ms`, or times 10 s without it, stands in.
probe::HostNeeds host_needs(const study::Study& study, const study::Plan& plan);

/// Success unless a check refuses; then kind `study`, with every refusal in one line.
base::Result<void> refuse_unfit(const std::vector<probe::HostCheck>& checks);

/// One line for each warning: what, value, what to do.
std::vector<std::string> host_warnings(const std::vector<probe::HostCheck>& checks);

}  // namespace tokamark::run
