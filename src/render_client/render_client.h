#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace tokamark::render_client {

/// How large a figure is: one or two columns of a paper (84 and 174 mm), or the page of a report.
/// Picks the member of every `{"$target": {...}}` in a specification.
enum class Target { col1, col2, web };

enum class Format { svg, pdf, png };

/// "col1", "svg" and so on, as on the command line. Errors: `usage`, with the words that exist.
std::string_view to_word(Target target);
std::string_view to_word(Format format);
base::Result<Target> parse_target(std::string_view word);
base::Result<Format> parse_format(std::string_view word);

/// A file that is written whole or not at all.
struct RenderOutput {
  Format format = Format::svg;
  std::filesystem::path path;
};

/// One figure to draw.
struct RenderJob {
  std::string name;     ///< for messages: the figure's id, or the file it was read from
  nlohmann::json spec;  ///< a complete Vega-Lite specification, `$target` objects unresolved
  Target target = Target::col2;
  nlohmann::json theme;  ///< a Vega-Lite `config` that is merged over the specification's, as
                         ///< figures::theme returns; null: the specification's alone
  std::vector<RenderOutput> outputs;
  double png_dpi = 300.0;  ///< 72 = one pixel for each of the specification's
};

/// What became of a job, at the same place as the job.
struct RenderedFigure {
  std::string name;
  std::string error;                  ///< empty: every output was written; else one line
  std::vector<std::string> warnings;  ///< of Vega and Vega-Lite, one line each
  std::vector<std::string> layout;    ///< texts that lie on each other or leave the figure
  double width_pt = 0.0, height_pt = 0.0;
};

struct RenderSettings {
  std::filesystem::path program;  ///< empty: find_program()
  std::chrono::milliseconds figure_limit{30'000};
  std::int64_t created_unix_s = 0;  ///< creation date that PDFs carry; a result's, not today's
  const std::atomic<bool>* stop = nullptr;
};

/// $SOURCE_DATE_EPOCH (reproducible-builds.org), or 0: for figures whose result is not known.
std::int64_t source_date();

/// The renderer: $TOKAMARK_RENDER, else `tokamark-render` beside this program, else on PATH.
/// Errors: `output`, naming what to install and to build.
base::Result<std::filesystem::path> find_program();

/// Draws all jobs, by several child processes where they are many. A figure that kills the child,
/// or takes longer than `figure_limit`, fails alone: another child goes on with the next. A figure
/// that was made for targets (has a `$target`) is as wide as its column, 238 or 493 px; any other
/// has its own size. The same jobs give the same bytes. Errors: as find_program; `output` where the
/// renderer cannot work on this machine; `interrupted`. What is wrong with one figure is in its own
/// result.
base::Result<std::vector<RenderedFigure>> render(const std::vector<RenderJob>& jobs,
                                                 const RenderSettings& settings);

}  // namespace tokamark::render_client
