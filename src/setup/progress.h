#pragma once

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/program.h"

namespace tokamark::setup {

/// Runs the programs of a setup and shows what they do: on a terminal one line a step that is
/// redrawn, with the seconds so far and the last line that the program printed; elsewhere plain
/// lines, at the start, every half a minute and at the end.
class Progress {
 public:
  /// What to show of a line that the program printed; empty = keep what is shown.
  using Reader = std::function<std::string(std::string_view line)>;

  /// Both must outlive it. `stop` becomes true when the user wants the end.
  Progress(std::FILE* out, const std::atomic<bool>& stop);

  /// A line of its own.
  void say(std::string_view text);
  /// Everything that programs print from here on is also added to this file.
  void log_to(const std::filesystem::path& file) { log_ = file; }

  /// Runs the program with its standard error, waits for its end, and shows it under `label`. No
  /// limit of time; Ctrl-C ends it. Errors: those of run_program.
  base::Result<base::ProgramEnd> run(const std::string& label, base::ProgramCall call,
                                     const Reader& reader = {});
  /// The same for a program whose other exit codes than 0 are errors of kind `engine`, which quote
  /// its error line and name the log.
  base::Result<std::string> run_well(const std::string& label, base::ProgramCall call,
                                     const Reader& reader = {});

 private:
  void show(const std::string& label, double seconds, const std::string& last);
  void keep_log(const std::string& label, std::string_view output) const;

  std::FILE* out_;
  const std::atomic<bool>& stop_;
  bool terminal_;
  std::filesystem::path log_;
};

/// The line of a program's output that says most about its failure: the first that begins with
/// "error", else the last that is not blank; the rest of a long one is left out.
std::string telling_line(std::string_view output);

}  // namespace tokamark::setup
