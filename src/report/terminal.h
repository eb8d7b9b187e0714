#pragma once

#include <cstddef>
#include <string>

#include "record/result.h"

namespace tokamark::report {

enum class Colour { off, on };

struct TerminalOptions {
  std::size_t columns = 100;  ///< width of the terminal; below what the table needs, rows stack
  Colour colour = Colour::off;
};

/// The end of a run as text: one table per workload, then why numbers are missing, which trials
/// are not valid and what to do, and what the repeats support. Ends with a newline. No byte of a
/// name or an error in it can steer the terminal.
std::string terminal_table(const record::StudyResult& result, const TerminalOptions& options);

}  // namespace tokamark::report
