#include "watch/terminal_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "report/text.h"

namespace tokamark::watch {

namespace {

using record::Step;

constexpr double kPlainEvery_s = 10.0;
/// Bound on what a server can make us remember.
constexpr std::size_t kMostTrials = 100'000;

std::string or_dash(const std::optional<double>& value, int digits) {
  return value ? fmt::format("{:.{}f}", *value, digits) : "-";
}

std::string step_text(const record::Progress& progress) {
  switch (progress.step) {
    case Step::starting_engine:
      return "engine " + progress.engine + ": starting";
    case Step::probing:
      return "checks, probes and calibration";
    case Step::warmup:
      return "warming up";
    case Step::measuring:
      return "measuring";
    case Step::summarising:
      return "writing summaries";
    case Step::ended:
      return "ended";
    case Step::preparing:
      break;
  }
  return progress.engine.empty() ? "preparing" : "engine " + progress.engine + ": between trials";
}

std::string left_text(const record::Progress& progress, double since_s) {
  const auto after = [since_s](double left_s) {
    return base::duration_text(std::max(0.0, left_s - since_s));
  };
  if (progress.left_s) return fmt::format(", about {} left", after(*progress.left_s));
  if (progress.left_least_s)
    return fmt::format(", at least {} left", after(*progress.left_least_s));
  return "";
}

std::string ended_text(const Snapshot& s) {
  std::string text = fmt::format("study {}: {} of {} trials valid", to_word(s.state), s.valid,
                                 s.valid + s.invalid + s.incomplete);
  if (s.exit_code) text += fmt::format(", exit code {}", *s.exit_code);
  return text;
}

}  // namespace

std::string trial_text(const FinishedTrial& trial) {
  std::string verdict = trial.verdict;
  for (const auto& [code, evidence] : trial.codes) verdict += " " + code + " (" + evidence + ")";
  return fmt::format("{}  {} ok, {} failed, {} tok/s, TTFT p50 {} ms  {}", trial.id,
                     trial.succeeded, trial.failed, or_dash(trial.output_tokens_per_s, 1),
                     or_dash(trial.ttft_p50_ms, 1), verdict);
}

std::string state_text(const Snapshot& snapshot, double since_s) {
  if (snapshot.state != State::running || !snapshot.progress) return ended_text(snapshot);
  const record::Progress& progress = *snapshot.progress;
  since_s += snapshot.age_s;
  std::string text;
  if (progress.trial) {
    text = fmt::format("trial {}/{}{}  {}  ", progress.trial->number,
                       progress.total_is == record::TotalKind::at_most ? "at most " : "",
                       progress.trials_total, progress.trial->id);
  }
  text += step_text(progress);
  if (progress.trial && progress.trial->live) {
    text += fmt::format(" {} of {}", base::duration_text(progress.trial->elapsed_s + since_s),
                        base::duration_text(progress.trial->least_s));
  } else {
    text += " for " + base::duration_text(progress.step_elapsed_s + since_s);
  }
  return text + left_text(progress, since_s);
}

std::string live_text(const Snapshot& snapshot) {
  if (snapshot.state != State::running || !snapshot.progress) return "";
  const record::Progress& progress = *snapshot.progress;
  if (!progress.trial || !progress.trial->live) return progress.engine_log_line;
  const record::LiveNumbers& live = *progress.trial->live;
  return fmt::format("in flight {}  done {}  failed {}  {} tok/s  TTFT p50 {} p99 {} ms",
                     live.in_flight, live.succeeded, live.failed,
                     or_dash(live.output_tokens_per_s, 0), or_dash(live.ttft_p50_ms, 0),
                     or_dash(live.ttft_p99_ms, 0));
}

void TerminalView::on_trial(const FinishedTrial& trial) {
  const std::string text = trial_text(trial);
  if (trials_.size() >= kMostTrials && trials_.count(trial.id) == 0) return;
  std::string& said = trials_[trial.id];
  if (said == text) return;  // a server that was started again tells everything again
  line((said.empty() ? "trial " : "judged again: ") + text);
  said = text;
}

void TerminalView::on_state(const Snapshot& snapshot) {
  if (!headed_) {
    headed_ = true;
    line(fmt::format("study {}, {} on {}{}", snapshot.study, snapshot.model, snapshot.hardware,
                     snapshot.simulated ? ": SIMULATED" : ""));
  }
  if (snapshot.progress && !snapshot.progress->messages.empty()) {
    const auto& messages = snapshot.progress->messages;
    // Those behind the one that was said last; all when it has scrolled out.
    auto from = std::find(messages.rbegin(), messages.rend(), newest_message_).base();
    if (newest_message_.empty() || from == messages.begin()) from = messages.begin();
    for (; from != messages.end(); ++from) line(*from);
    newest_message_ = messages.back();
  }
  say_step(snapshot);
  if (form_.redraw == Redraw::on && snapshot.state == State::running) {
    draw(state_text(snapshot, 0.0), live_text(snapshot));
  }
}

/// A log gets a line for each step but the two of a load, and one every ten seconds under load.
void TerminalView::say_step(const Snapshot& snapshot) {
  if (snapshot.state != State::running || !snapshot.progress) {
    const std::string text = ended_text(snapshot);
    if (text != step_) line(text);
    if (text != step_ && !snapshot.message.empty()) line(snapshot.message);
    step_ = text;
    return;
  }
  const record::Progress& progress = *snapshot.progress;
  const bool load = progress.step == Step::warmup || progress.step == Step::measuring;
  const double now_s = progress.elapsed_s + snapshot.age_s;
  if (form_.redraw == Redraw::on) {
    step_.clear();
    return;
  }
  const std::string step = (progress.trial ? progress.trial->id + " " : std::string()) +
                           (load ? "under load" : step_text(progress));
  if (step == step_ && now_s - said_s_ < kPlainEvery_s) return;
  step_ = step;
  said_s_ = now_s;
  const std::string live = live_text(snapshot);
  line(state_text(snapshot, 0.0) + (live.empty() ? "" : "  " + live));
}

void TerminalView::on_message(const std::string& text) { line(text); }

void TerminalView::line(const std::string& text) {
  clear();
  fmt::print(out_, "{}\n", report::plain_line(text));
  std::fflush(out_);
}

void TerminalView::draw(const std::string& first, const std::string& second) {
  clear();
  const std::size_t width = std::max<std::size_t>(form_.columns, 20) - 1;
  fmt::print(out_, "{}\n  {}\n", report::shorten(report::plain_line(first), width),
             report::shorten(report::plain_line(second), width - 2));
  std::fflush(out_);
  drawn_ = true;
}

/// Up two lines, and everything below is erased.
void TerminalView::clear() {
  if (drawn_) fmt::print(out_, "\x1b[2A\x1b[0J");
  drawn_ = false;
  std::fflush(out_);
}

}  // namespace tokamark::watch
