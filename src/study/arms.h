#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "study/study.h"

namespace tokamark::study {

/// The settings of a checked `settings` mapping.
engine::Settings settings_of(const nlohmann::json& values);

/// The arms of a checked `arms` list.
std::vector<ArmSpec> arms_of(const nlohmann::json& values);

/// An engine as the study writes it.
struct WrittenEngine {
  engine::EngineSpec spec;        ///< with the settings of its own
  std::vector<std::string> arms;  ///< in which it takes part; empty = all
};

/// One engine for each of its arms, with the study's settings, then the arm's, then its own. In
/// several arms it is called NAME.ARM. An error is the message alone: an arm that is not there, or
/// a name that is there twice.
base::Result<std::vector<engine::EngineSpec>> engines_of_arms(
    const std::vector<WrittenEngine>& engines, const std::vector<ArmSpec>& arms,
    const engine::Settings& common);

}  // namespace tokamark::study
