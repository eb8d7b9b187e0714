#include "cli/screen.h"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "base/text.h"

namespace tokamark::cli {

namespace {

using base::duration_text;

constexpr double kPlainEvery_s = 10.0;

/// Cuts a line to the width of the terminal, on a UTF-8 boundary, without control bytes.
std::string fitted(std::string line, int width) {
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  if (width > 1 && line.size() >= static_cast<std::size_t>(width)) {
    std::size_t end = static_cast<std::size_t>(width) - 1;
    while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0U) == 0x80U) --end;
    line.resize(end);
  }
  return line;
}

std::string milliseconds(const std::optional<double>& value) {
  return value ? fmt::format("{:.0f}", *value) : std::string("-");
}

std::string trial_line(const study::PlannedTrial& trial, const run::TrialProgress& p) {
  return fmt::format("trial {}/{}  {}  {} {} of {}, at least {} left", p.number, p.total, trial.id,
                     p.measuring ? "measuring" : "warming up", duration_text(p.elapsed_s),
                     duration_text(p.expected_s), duration_text(p.left_s));
}

std::string live_line(const load::LiveStats& live, double tokens_per_s) {
  return fmt::format("  in flight {}  done {}  failed {}  {:.0f} tok/s  TTFT p50 {} p99 {} ms",
                     live.in_flight.load(), live.succeeded.load(), live.failed.load(), tokens_per_s,
                     milliseconds(live.ttft_quantile_ms(0.50)),
                     milliseconds(live.ttft_quantile_ms(0.99)));
}

std::string finished_line(const record::TrialResult& trial, std::size_t number, std::size_t total) {
  std::string verdict = record::to_word(trial.verdict);
  for (const record::VerdictCode& code : trial.codes) {
    verdict += " " + code.code + " (" + code.evidence + ")";
  }
  const auto rate = trial.metrics.output_tokens_per_s;
  return fmt::format("trial {}/{}  {}  {} ok, {} failed, {} tok/s  {}", number, total, trial.id,
                     trial.counts.succeeded, trial.counts.failed + trial.counts.timed_out,
                     rate ? fmt::format("{:.1f}", *rate) : std::string("-"), verdict);
}

/// Token rate over the time between two looks.
class RateMeter {
 public:
  double per_second(std::uint64_t tokens, double at_s) {
    if (at_s < at_s_ || tokens < tokens_) *this = RateMeter();
    if (at_s - at_s_ >= 1.0) {
      rate_ = static_cast<double>(tokens - tokens_) / (at_s - at_s_);
      tokens_ = tokens;
      at_s_ = at_s;
    }
    return rate_;
  }

 private:
  std::uint64_t tokens_ = 0;
  double at_s_ = 0.0;
  double rate_ = 0.0;
};

/// Plain lines for logs and pipes.
class PlainScreen final : public run::Observer {
 public:
  explicit PlainScreen(std::FILE* out) : out_(out) {}

  void on_engine_starting(const std::string& engine, double elapsed_s,
                          const std::string& last_log_line) override {
    if (elapsed_s > 0.0 && elapsed_s - shown_s_ < kPlainEvery_s) return;
    shown_s_ = elapsed_s;
    if (elapsed_s == 0.0) {
      line(fmt::format("engine {}: starting", engine));
    } else {
      line(fmt::format("engine {}: starting for {}: {}", engine, duration_text(elapsed_s),
                       last_log_line));
    }
  }
  void on_engine_ready(const std::string& engine, double elapsed_s) override {
    shown_s_ = 0.0;
    line(fmt::format("engine {}: ready after {:.1f} s", engine, elapsed_s));
  }
  void on_trial_running(const study::PlannedTrial& trial, const run::TrialProgress& progress,
                        const load::LiveStats& live) override {
    const double rate = meter_.per_second(live.tokens.load(), progress.elapsed_s);
    if (progress.elapsed_s < shown_s_) shown_s_ = 0.0;
    if (progress.elapsed_s - shown_s_ < kPlainEvery_s) return;
    shown_s_ = progress.elapsed_s;
    line(trial_line(trial, progress) + live_line(live, rate));
  }
  void on_trial_finished(const record::TrialResult& trial, std::size_t number,
                         std::size_t total) override {
    shown_s_ = 0.0;
    line(finished_line(trial, number, total));
  }
  void on_message(const std::string& text) override { line(text); }

 private:
  void line(const std::string& text) {
    fmt::print(out_, "{}\n", text);
    std::fflush(out_);
  }
  std::FILE* out_;
  RateMeter meter_;
  double shown_s_ = 0.0;
};

/// Two lines that are redrawn in place, above which finished things scroll by.
class TerminalScreen final : public run::Observer {
 public:
  explicit TerminalScreen(std::FILE* out) : out_(out), plain_(out) {}
  ~TerminalScreen() override { clear(); }

  void on_engine_starting(const std::string& engine, double elapsed_s,
                          const std::string& last_log_line) override {
    draw(fmt::format("engine {}: starting, {}", engine, duration_text(elapsed_s)),
         "  " + last_log_line);
  }
  void on_engine_ready(const std::string& engine, double elapsed_s) override {
    clear();
    plain_.on_engine_ready(engine, elapsed_s);
  }
  void on_trial_running(const study::PlannedTrial& trial, const run::TrialProgress& progress,
                        const load::LiveStats& live) override {
    const double rate = meter_.per_second(live.tokens.load(), progress.elapsed_s);
    draw(trial_line(trial, progress), live_line(live, rate));
  }
  void on_trial_finished(const record::TrialResult& trial, std::size_t number,
                         std::size_t total) override {
    clear();
    plain_.on_trial_finished(trial, number, total);
  }
  void on_message(const std::string& text) override {
    clear();
    plain_.on_message(text);
  }

 private:
  void draw(const std::string& first, const std::string& second) {
    clear();
    const int width = columns(out_);
    fmt::print(out_, "{}\n{}\n", fitted(first, width), fitted(second, width));
    std::fflush(out_);
    drawn_ = true;
  }
  /// Up two lines, and everything below is erased.
  void clear() {
    if (drawn_) fmt::print(out_, "\x1b[2A\x1b[0J");
    drawn_ = false;
    std::fflush(out_);
  }
  std::FILE* out_;
  PlainScreen plain_;
  RateMeter meter_;
  bool drawn_ = false;
};

}  // namespace

bool wants_colour(std::FILE* out) {
  const char* no_colour = std::getenv("NO_COLOR");
  return ::isatty(::fileno(out)) == 1 && (no_colour == nullptr || *no_colour == '\0');
}

int columns(std::FILE* out) {
  winsize size{};
  if (::ioctl(::fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 160;
}

bool redraws(std::FILE* out) {
  const char* terminal = std::getenv("TERM");
  const bool dumb = terminal == nullptr || std::string(terminal) == "dumb";
  return ::isatty(::fileno(out)) == 1 && !dumb;
}

std::unique_ptr<run::Observer> make_screen(std::FILE* out) {
  if (redraws(out)) return std::make_unique<TerminalScreen>(out);
  return std::make_unique<PlainScreen>(out);
}

}  // namespace tokamark::cli
