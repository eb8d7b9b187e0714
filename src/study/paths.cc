#include <cstdlib>
#include <system_error>

#include "study/build.h"

namespace tokamark::study {

std::filesystem::path resolved_path(const std::string& path, const std::filesystem::path& folder) {
  const char* home = std::getenv("HOME");
  if (path.rfind("~/", 0) == 0 && home != nullptr) {
    return (std::filesystem::path(home) / path.substr(2)).lexically_normal();
  }
  return (folder / path).lexically_normal();
}

std::string resolved_model(const std::string& model, const std::filesystem::path& folder) {
  if (model.empty()) return model;
  bool local = false;
  for (const char* start : {"/", "./", "../", "~/"}) local = local || model.rfind(start, 0) == 0;
  std::error_code code;
  if (local || std::filesystem::exists(folder / model, code)) {
    return resolved_path(model, folder).string();
  }
  return model;
}

}  // namespace tokamark::study
