#pragma once

#include <string>
#include <vector>

#include "doctor/engine_findings.h"
#include "doctor/gpu_checks.h"
#include "engine/spec.h"
#include "probe/check.h"

namespace tokamark::doctor {

/// What is to be judged of one engine that tokamark starts.
struct EngineCase {
  const engine::EngineSpec& spec;
  const engine::ModelSpec& model;
  const EngineFindings& found;
  const GpuFacts& gpus;
};

/// ENGINE.launch, .venv, .version, .port, .cuda and .gpu; those that do not apply are left out.
std::vector<Check> check_engine(const EngineCase& engine);

/// The oldest driver for programs built for this CUDA version ("13.0"): its major number. 0 when
/// it is not known. CUDA's compatibility rules are by major version.
int least_driver(const std::string& cuda);

}  // namespace tokamark::doctor
