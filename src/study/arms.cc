#include "study/arms.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace tokamark::study {

namespace {

using base::Error;
using base::ErrorKind;

/// The later settings win.
void put_over(engine::Settings& settings, const engine::Settings& later) {
  for (const auto& [setting, value] : later) settings[setting] = value;
}

base::Result<std::vector<const ArmSpec*>> arms_of_engine(const WrittenEngine& engine,
                                                         const std::vector<ArmSpec>& arms) {
  std::vector<const ArmSpec*> found;
  for (const ArmSpec& arm : arms) {
    const bool named =
        std::find(engine.arms.begin(), engine.arms.end(), arm.name) != engine.arms.end();
    if (named || engine.arms.empty()) found.push_back(&arm);
  }
  if (engine.arms.empty() || found.size() == engine.arms.size()) return found;
  std::vector<std::string> names;
  for (const ArmSpec& arm : arms) names.push_back(arm.name);
  return Error{ErrorKind::study,
               fmt::format("engine \"{}\": its arms are {}, and the study's are {}",
                           engine.spec.name, fmt::join(engine.arms, ", "),
                           names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", ")))};
}

}  // namespace

engine::Settings settings_of(const nlohmann::json& values) {
  engine::Settings settings;
  for (const auto& [key, value] : values.items()) {
    if (const auto setting = engine::setting_of(key)) settings[*setting] = value;
  }
  return settings;
}

std::vector<ArmSpec> arms_of(const nlohmann::json& values) {
  std::vector<ArmSpec> arms;
  for (const nlohmann::json& value : values) {
    ArmSpec arm;
    arm.name = value["name"].get<std::string>();
    if (value["defaults"] == "shipped") arm.defaults = engine::Defaults::shipped;
    if (value.contains("settings")) arm.settings = settings_of(value["settings"]);
    arm.budget = value.value("budget", "");
    arms.push_back(std::move(arm));
  }
  return arms;
}

base::Result<std::vector<engine::EngineSpec>> engines_of_arms(
    const std::vector<WrittenEngine>& engines, const std::vector<ArmSpec>& arms,
    const engine::Settings& common) {
  std::vector<engine::EngineSpec> expanded;
  std::set<std::string> names;
  const std::vector<ArmSpec> only{ArmSpec{}};
  for (const WrittenEngine& written : engines) {
    TOKAMARK_TRY(const auto own_arms,
                 arms_of_engine(written, arms.empty() && written.arms.empty() ? only : arms));
    for (const ArmSpec* arm : own_arms) {
      engine::EngineSpec spec = written.spec;
      if (own_arms.size() > 1) spec.name += "." + arm->name;
      if (!names.insert(spec.name).second) {
        return Error{ErrorKind::study,
                     fmt::format("engines: the name \"{}\" is there twice", spec.name)};
      }
      spec.arm = arm->name;
      spec.defaults = arm->defaults;
      spec.settings = common;
      put_over(spec.settings, arm->settings);
      put_over(spec.settings, written.spec.settings);
      expanded.push_back(std::move(spec));
    }
  }
  return expanded;
}

}  // namespace tokamark::study
