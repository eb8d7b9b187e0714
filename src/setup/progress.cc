#include "setup/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cctype>
#include <chrono>
#include <fstream>
#include <future>
#include <mutex>

#include "base/text.h"

namespace tokamark::setup {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using SteadyClock = std::chrono::steady_clock;

constexpr milliseconds kRedraw{500};
constexpr seconds kPlainLine{30};
/// A bound that no honest download meets, so that nothing waits for ever.
constexpr std::chrono::hours kLongest{48};
constexpr std::size_t kOutputLimit = std::size_t{256} << 20;
constexpr seconds kGrace{5};
constexpr std::size_t kShown = 60;
/// Of a line in an error: some list every version that there is.
constexpr std::size_t kQuoted = 240;

/// The last line of what a program printed so far. The program's reader writes, the screen reads.
class LastLine {
 public:
  explicit LastLine(const Progress::Reader& reader) : reader_(reader) {}

  void take(std::string_view piece) {
    for (const char c : piece) {
      if (c != '\n' && c != '\r') {
        if (line_.size() < 4096) line_ += c;
        continue;
      }
      const std::string text = reader_ ? reader_(line_) : base::one_line(line_);
      line_.clear();
      if (text.find_first_not_of(' ') == std::string::npos) continue;
      const std::lock_guard guard(mutex_);
      shown_ = text;
    }
  }
  [[nodiscard]] std::string shown() const {
    const std::lock_guard guard(mutex_);
    return shown_;
  }

 private:
  const Progress::Reader& reader_;
  std::string line_;
  mutable std::mutex mutex_;  // guards shown_
  std::string shown_;
};

double seconds_since(SteadyClock::time_point begun) {
  return std::chrono::duration<double>(SteadyClock::now() - begun).count();
}

bool begins_with_error(std::string_view line) {
  constexpr std::string_view kWord = "error";
  const std::size_t start = line.find_first_not_of(' ');
  if (start == std::string_view::npos || line.size() - start < kWord.size()) return false;
  for (std::size_t i = 0; i < kWord.size(); ++i) {
    if (std::tolower(static_cast<unsigned char>(line[start + i])) != kWord[i]) return false;
  }
  return true;
}

}  // namespace

std::string telling_line(std::string_view output) {
  const auto quoted = [](std::string_view line) {
    return base::one_line(line.substr(0, kQuoted)) + (line.size() > kQuoted ? "..." : "");
  };
  std::string last;
  while (!output.empty()) {
    const std::size_t end = output.find_first_of("\r\n");
    const std::string_view line = output.substr(0, end);
    if (begins_with_error(line)) return quoted(line);
    if (line.find_first_not_of(' ') != std::string_view::npos) last = quoted(line);
    if (end == std::string_view::npos) break;
    output.remove_prefix(end + 1);
  }
  return last;
}

Progress::Progress(std::FILE* out, const std::atomic<bool>& stop)
    : out_(out), stop_(stop), terminal_(::isatty(::fileno(out)) == 1) {}

void Progress::say(std::string_view text) {
  fmt::print(out_, "{}\n", text);
  std::fflush(out_);
}

void Progress::show(const std::string& label, double seconds, const std::string& last) {
  if (terminal_) {
    fmt::print(out_, "\r\033[K{} ({:.0f} s) {}", label, seconds, last.substr(0, kShown));
  } else {
    fmt::print(out_, "{} ({:.0f} s){}{}\n", label, seconds, last.empty() ? "" : " ", last);
  }
  std::fflush(out_);
}

void Progress::keep_log(const std::string& label, std::string_view output) const {
  if (log_.empty()) return;
  std::ofstream file(log_, std::ios::app);
  file << "== " << label << '\n' << output << '\n';
}

base::Result<base::ProgramEnd> Progress::run(const std::string& label, base::ProgramCall call,
                                             const Reader& reader) {
  LastLine line(reader);
  call.errors = base::CallErrors::with_output;
  call.timeout = kLongest;
  call.output_limit = kOutputLimit;
  call.stop = &stop_;
  call.grace = kGrace;
  call.on_output = [&line](std::string_view piece) { line.take(piece); };
  const auto begun = SteadyClock::now();
  auto next_line = begun + kPlainLine;
  show(label, 0.0, "");
  auto running = std::async(std::launch::async, [&call] { return base::run_program(call); });
  while (running.wait_for(kRedraw) != std::future_status::ready) {
    if (!terminal_ && SteadyClock::now() < next_line) continue;
    next_line += kPlainLine;
    show(label, seconds_since(begun), line.shown());
  }
  auto end = running.get();
  const bool good = end.has_value() && end.value().exit_code == 0;
  show(label, seconds_since(begun), good ? "done" : "failed");
  if (terminal_) fmt::print(out_, "\n");
  if (end.has_value()) keep_log(label, end.value().output);
  return end;
}

base::Result<std::string> Progress::run_well(const std::string& label, base::ProgramCall call,
                                             const Reader& reader) {
  TOKAMARK_TRY(base::ProgramEnd end, run(label, std::move(call), reader));
  if (end.exit_code == 0) return std::move(end.output);
  const std::string more =
      log_.empty() ? "" : fmt::format("; everything it printed: {}", log_.string());
  return base::Error{base::ErrorKind::engine,
                     fmt::format("\"{}\" failed with status {}: {}{}", label, end.exit_code,
                                 telling_line(end.output), more)};
}

}  // namespace tokamark::setup
