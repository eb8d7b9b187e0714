#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "probe/check.h"

namespace tokamark::doctor {

/// The checks as a page of 100 columns: what is well first, then warnings, errors last, and a line
/// that counts them.
std::string page(const std::vector<probe::Check>& checks);

/// "2 errors, 1 warning; 14 ok, 3 skipped"; without the last two where the list has none of them.
std::string counted(const std::vector<probe::Check>& checks);

/// "ID: FOUND; wanted WANTED; FIX" in one line.
std::string line_of(const probe::Check& check);

/// One line for each warning: id, found, wanted, fix. An error that is there all the same is said
/// to be ignored.
std::vector<std::string> warning_lines(const std::vector<probe::Check>& checks);

/// Success unless a check is an error; then kind `study`, with the check, or the ids
/// of several.
base::Result<void> refuse(const std::vector<probe::Check>& checks);

}  // namespace tokamark::doctor
