#pragma once

#include "base/error.h"
#include "study/rules.h"
#include "study/tree.h"

namespace tokamark::study {

/// Writes `source.overrides`, in order, into the tree of a study before it is checked. A path
/// names keys and list positions from 0, as in "engines.0.port"; mappings that the file leaves
/// out are made. A path that the rules do not know is an error of kind `usage` with the nearest
/// key. The values are checked later, together with the file's.
base::Result<void> apply_overrides(Tree& study, const MappingRule& rules, const Source& source);

}  // namespace tokamark::study
