#pragma once

#include <cstdio>
#include <memory>

#include "run/observer.h"

namespace tokamark::cli {

/// Whether text on this stream may use colour: a terminal, and NO_COLOR is not set.
bool wants_colour(std::FILE* out);
/// Columns of the terminal, or 160 when the stream is none: nothing wraps in a file.
int columns(std::FILE* out);

/// Whether lines on this stream can be redrawn in place: a terminal that is not dumb.
bool redraws(std::FILE* out);

/// Shows a running study: on a terminal, lines that are redrawn in place; elsewhere plain lines
/// for a log, at most one every ten seconds and trial.
std::unique_ptr<run::Observer> make_screen(std::FILE* out);

}  // namespace tokamark::cli
