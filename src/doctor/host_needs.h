#pragma once

#include "probe/host_checks.h"
#include "study/plan.h"
#include "study/study.h"

namespace tokamark::doctor {

/// What a plan will ask of this machine. An open load has no stated number in flight; its rate
/// times `slo.e2e_ms`, or times 10 s without it, stands in.
probe::HostNeeds host_needs(const study::Study& study, const study::Plan& plan);

}  // namespace tokamark::doctor
