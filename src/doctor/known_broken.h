#pragma once

#include <vector>

#include "doctor/engine_checks.h"

namespace tokamark::doctor {

/// Combinations that are known not to work, or to measure something else than they seem to: one
/// check ENGINE.known.WHAT for each that an engine has, none when it has none.
std::vector<Check> check_known_broken(const EngineCase& engine);

/// vLLM and SGLang in one venv: ENGINE.known.shared_venv for the later engine of each pair.
std::vector<Check> check_shared_venvs(const std::vector<EngineCase>& engines);

}  // namespace tokamark::doctor
