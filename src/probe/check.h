#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace tokamark::probe {

/// `skipped`: it could not be looked at, and `found` says why; nobody's fault. `warning`: the
/// study can run, and its numbers may suffer. `error`: it cannot run, or would measure something
/// else than it says.
enum class CheckStatus { ok, skipped, warning, error };
const char* to_word(CheckStatus status);

/// One finding about the machine, or about an engine of the study on it.
struct Check {
  std::string id;  ///< "host.open_files", "gpu.present", "ENGINE.port"
  CheckStatus status = CheckStatus::ok;
  std::string found{};   ///< with its unit
  std::string wanted{};  ///< empty where `found` is all there is to say
  std::string fix{};     ///< what to do; empty when ok
};

/// {"checks": [{"id", "status", "found", "wanted", "fix"}]}; texts that are empty are null.
nlohmann::json to_json(const std::vector<Check>& checks);

}  // namespace tokamark::probe
