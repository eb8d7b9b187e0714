#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace tokamark::base {

void assertion_failed(std::string_view condition, std::string_view file, int line) {
  std::fprintf(stderr, "tokamark: broken invariant at %.*s:%d: %.*s\n",
               static_cast<int>(file.size()), file.data(), line, static_cast<int>(condition.size()),
               condition.data());
  std::abort();
}

}  // namespace tokamark::base
