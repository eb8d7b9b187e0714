#include "render_client/render_client.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <span>

#include "base/parallel.h"
#include "base/program.h"

namespace tokamark::render_client {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds kStartLimit{60'000};
constexpr std::size_t kOutputLimit = std::size_t{16} << 20;
/// A child takes 0.2 s and 200 MB before its first figure.
constexpr std::size_t kLeastShare = 4, kMostChildren = 4;

/// A text that a child reads from its standard input.
class InputInMemory {
 public:
  explicit InputInMemory(const std::string& text)
      : file_(::memfd_create("tokamark-jobs", MFD_CLOEXEC)) {
    std::size_t done = 0;
    while (file_ >= 0 && done < text.size()) {
      const ssize_t wrote = ::write(file_, text.data() + done, text.size() - done);
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote <= 0) break;
      done += static_cast<std::size_t>(wrote);
    }
    whole_ = file_ >= 0 && done == text.size();
  }
  ~InputInMemory() {
    if (file_ >= 0) ::close(file_);
  }
  InputInMemory(const InputInMemory&) = delete;
  InputInMemory& operator=(const InputInMemory&) = delete;

  [[nodiscard]] bool whole() const { return whole_; }
  [[nodiscard]] std::string path() const { return fmt::format("/proc/self/fd/{}", file_); }

 private:
  int file_;
  bool whole_ = false;
};

json to_json(const RenderJob& job) {
  json outputs = json::array();
  for (const auto& output : job.outputs) {
    outputs.push_back({{"format", to_word(output.format)}, {"path", output.path.string()}});
  }
  return {{"name", job.name},   {"spec", job.spec},       {"target", to_word(job.target)},
          {"theme", job.theme}, {"png_dpi", job.png_dpi}, {"outputs", outputs}};
}

std::string job_list(std::span<const RenderJob> jobs, const RenderSettings& settings) {
  json list{{"created_unix_s", settings.created_unix_s},
            {"figure_limit_ms", settings.figure_limit.count()},
            {"jobs", json::array()}};
  for (const auto& job : jobs) {
    list["jobs"].push_back(to_json(job));
  }
  return list.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// What a child said of the jobs it was given, in order, before it ended.
struct Answers {
  std::vector<RenderedFigure> figures;
  std::string fatal;  ///< why it drew nothing at all
  std::string ended;  ///< why it ended itself in the middle of a figure
};

RenderedFigure read_figure(const json& line) {
  RenderedFigure figure;
  figure.name = line.value("name", "");
  if (line.contains("error") && line["error"].is_string()) {
    figure.error = line["error"].get<std::string>();
  }
  figure.warnings = line.value("warnings", std::vector<std::string>{});
  figure.layout = line.value("layout", std::vector<std::string>{});
  figure.width_pt = line.value("width_pt", 0.0);
  figure.height_pt = line.value("height_pt", 0.0);
  return figure;
}

/// A last line that was cut off is no answer.
Answers read_answers(const std::string& text) {
  Answers answers;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = text.find('\n', begin);
    const auto line = json::parse(text.substr(begin, end - begin), nullptr, false);
    if (end == std::string::npos || !line.is_object()) break;
    if (line.contains("fatal")) {
      answers.fatal = line.value("fatal", "");
    } else if (line.contains("ended")) {
      answers.ended = line.value("ended", "");
    } else {
      answers.figures.push_back(read_figure(line));
    }
    begin = end + 1;
  }
  return answers;
}

/// How a child ended that did not answer for all of its jobs.
std::string how_it_ended(const base::Result<base::ProgramEnd>& end, const Answers& answers) {
  if (!answers.ended.empty()) return answers.ended;
  if (end.has_error()) return end.error().message;
  const int code = end.value().exit_code;
  return code > 128 ? fmt::format("ended the renderer by signal {}", code - 128)
                    : fmt::format("ended the renderer with status {}", code);
}

/// Runs one child for the jobs, as far as it gets. Adds an answer for each job it was through with,
/// and an error for the one that ended it.
base::Result<void> render_some(const std::string& program, std::span<const RenderJob> jobs,
                               const RenderSettings& settings,
                               std::vector<RenderedFigure>& figures) {
  const InputInMemory input(job_list(jobs, settings));
  if (!input.whole()) {
    return base::Error{base::ErrorKind::output,
                       fmt::format("no memory for the figures: {}", std::strerror(errno))};
  }
  std::string said;
  base::ProgramCall call;
  call.argv = {program};
  call.input_path = input.path();
  call.timeout = kStartLimit + settings.figure_limit * static_cast<int>(jobs.size());
  call.output_limit = kOutputLimit;
  call.stop = settings.stop;
  call.on_output = [&said](std::string_view piece) { said += piece; };
  const auto end = base::run_program(call);
  if (end.has_error() && end.error().kind == base::ErrorKind::interrupted) return end.error();
  auto answers = read_answers(said);
  if (!answers.fatal.empty()) return base::Error{base::ErrorKind::output, answers.fatal};
  const auto answered = std::min(answers.figures.size(), jobs.size());
  figures.insert(figures.end(), answers.figures.begin(),
                 answers.figures.begin() + static_cast<std::ptrdiff_t>(answered));
  if (answered < jobs.size()) {
    figures.push_back({jobs[answered].name, how_it_ended(end, answers), {}, {}, 0.0, 0.0});
  }
  return base::ok();
}

/// Draws the jobs one after the other, with as many children as it takes.
base::Result<std::vector<RenderedFigure>> render_in_turn(const std::string& program,
                                                         std::span<const RenderJob> jobs,
                                                         const RenderSettings& settings) {
  std::vector<RenderedFigure> figures;
  while (figures.size() < jobs.size()) {  // each turn adds one at least
    TOKAMARK_TRY_VOID(render_some(program, jobs.subspan(figures.size()), settings, figures));
  }
  return figures;
}

}  // namespace

base::Result<std::vector<RenderedFigure>> render(const std::vector<RenderJob>& jobs,
                                                 const RenderSettings& settings) {
  auto program = settings.program;
  if (program.empty()) {
    TOKAMARK_TRY(program, find_program());
  }
  const auto shares = std::clamp<std::size_t>(jobs.size() / kLeastShare, 1,
                                              std::min(base::worker_count(), kMostChildren));
  // Neighbours are alike, so every share takes each so many-th.
  std::vector<std::vector<RenderJob>> split(shares);
  for (std::size_t i = 0; i < jobs.size(); ++i) split[i % shares].push_back(jobs[i]);
  std::vector<std::optional<base::Result<std::vector<RenderedFigure>>>> drawn(shares);
  base::for_each_index(shares, shares, [&](std::size_t share) {
    drawn[share].emplace(render_in_turn(program.string(), split[share], settings));
  });
  std::vector<RenderedFigure> figures(jobs.size());
  for (std::size_t share = 0; share < shares; ++share) {
    TOKAMARK_TRY(auto some, std::move(*drawn[share]));
    for (std::size_t i = 0; i < some.size(); ++i) figures[i * shares + share] = std::move(some[i]);
  }
  return figures;
}

}  // namespace tokamark::render_client
