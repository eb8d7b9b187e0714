#include "engine/version.h"

#include <cctype>

namespace tokamark::engine {

bool version_meets(const std::string& found, const std::string& wanted) {
  if (found.compare(0, wanted.size(), wanted) != 0) return false;
  return found.size() == wanted.size() ||
         std::isalnum(static_cast<unsigned char>(found[wanted.size()])) == 0;
}

}  // namespace tokamark::engine
