#pragma once

#include <atomic>
#include <nlohmann/json.hpp>

#include "engine/engine.h"

namespace tokamark::run {

/// The greedy probe set (methodology M10): the same few prompts to every engine, before and after
/// each load, so that engines are found that do not compute the same model, or no longer do after
/// the load (analysis/fairness.h judges). A list of answers as `RunningEngine::ask` gives them; the
/// first {"error"} ends it.
nlohmann::json ask_greedy_set(engine::RunningEngine& engine, const std::atomic<bool>& stop);

}  // namespace tokamark::run
