#include "run/trial_checks.h"

#include <algorithm>

#include "doctor/gpu_checks.h"
#include "doctor/model_checks.h"

namespace tokamark::run {

std::vector<probe::Check> check_before_trial(const std::filesystem::path& results,
                                             probe::GpuReader* gpus,
                                             const std::vector<pid_t>& own) {
  std::vector<probe::Check> checks{doctor::check_results_disk(doctor::free_bytes(results))};
  if (gpus != nullptr) {
    const auto readings = gpus->read();
    if (readings.has_value()) {
      auto more = doctor::check_gpus_again(readings.value(), {own.begin(), own.end()});
      checks.insert(checks.end(), more.begin(), more.end());
    }
  }
  checks.erase(std::remove_if(checks.begin(), checks.end(),
                              [](const probe::Check& check) {
                                return check.status < probe::CheckStatus::warning;
                              }),
               checks.end());
  return checks;
}

}  // namespace tokamark::run
