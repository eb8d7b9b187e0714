#include "study/kinds.h"

#include <algorithm>

#include "engine/engine.h"

namespace tokamark::study {

std::vector<std::string> study_kinds() {
  std::vector<std::string> kinds = engine::known_kinds();
  std::sort(kinds.begin(), kinds.end());
  kinds.erase(std::unique(kinds.begin(), kinds.end()), kinds.end());
  return kinds;
}

}  // namespace tokamark::study
