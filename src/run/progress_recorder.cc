#include "run/progress_recorder.h"

#include <algorithm>
#include <utility>

#include "base/files.h"

namespace tokamark::run {

namespace {

using record::Step;

constexpr base::Nanos kLeastGap = std::chrono::seconds(1);
/// Kept and written; older ones are on the run's own screen.
constexpr std::size_t kMostMessages = 20;
constexpr std::size_t kMostMessageBytes = 500;

std::string cut(const std::string& text) { return text.substr(0, kMostMessageBytes); }

double least_seconds(const study::Study& study) {
  return study.window.warmup_s + study.window.seconds;
}

}  // namespace

ProgressRecorder::ProgressRecorder(const study::Study& study, const ProgressSetup& setup,
                                   Observer& next, Write write, Clock clock)
    : study_(study),
      next_(next),
      write_(std::move(write)),
      clock_(std::move(clock)),
      begun_(clock_()),
      step_begun_(begun_),
      written_(begun_),
      last_finish_(begun_) {
  progress_.simulated = std::any_of(study.engines.begin(), study.engines.end(),
                                    [](const auto& e) { return e.kind == "simulated"; });
  progress_.process = base::this_process();
  progress_.started_utc = base::utc_now_iso8601();
  progress_.total_is = setup.total_is;
  count(0, setup.trials_total);
  this->write();
}

ProgressRecorder::Write ProgressRecorder::into(const std::filesystem::path& folder) {
  return [file = folder / record::kProgressFile](const record::Progress& progress) {
    (void)base::replace_file(file, record::to_json(progress).dump(1) + "\n");
  };
}

void ProgressRecorder::on_engine_starting(const std::string& engine, double elapsed_s,
                                          const std::string& last_log_line) {
  next_.on_engine_starting(engine, elapsed_s, last_log_line);
  progress_.engine = engine;
  progress_.engine_log_line = cut(last_log_line);
  if (progress_.step == Step::starting_engine && elapsed_s > 0.0) {
    write_if_due();
  } else {
    enter(Step::starting_engine);
  }
}

void ProgressRecorder::on_engine_ready(const std::string& engine, double elapsed_s) {
  next_.on_engine_ready(engine, elapsed_s);
  progress_.engine_log_line.clear();
  enter(Step::preparing);
}

void ProgressRecorder::on_trial_starting(const study::PlannedTrial& trial, std::size_t number,
                                         std::size_t total) {
  next_.on_trial_starting(trial, number, total);
  record::RunningTrial running;
  running.id = trial.id;
  running.engine = study_.engines[trial.engine].name;
  running.workload = study_.workloads[trial.workload].name;
  running.load = trial.load;
  running.repeat = trial.repeat;
  running.run = trial.run;
  running.number = static_cast<std::int64_t>(number);
  running.least_s = least_seconds(study_);
  progress_.engine = running.engine;
  progress_.trial = std::move(running);
  tokens_before_ = 0;
  tokens_at_s_ = 0.0;
  count(number - 1, total);
  enter(Step::probing);
}

void ProgressRecorder::on_trial_running(const study::PlannedTrial& trial,
                                        const TrialProgress& progress,
                                        const load::LiveStats& live) {
  next_.on_trial_running(trial, progress, live);
  if (!progress_.trial) return;
  const Step step = progress.measuring ? Step::measuring : Step::warmup;
  if (std::exchange(progress_.step, step) != step) step_begun_ = clock_();
  // Everything below costs more than a look at the clock, and is done once a second.
  if (clock_() - written_ < kLeastGap) return;
  record::LiveNumbers numbers;
  numbers.in_flight = static_cast<std::int64_t>(live.in_flight.load());
  numbers.succeeded = static_cast<std::int64_t>(live.succeeded.load());
  numbers.failed = static_cast<std::int64_t>(live.failed.load());
  numbers.output_tokens = static_cast<std::int64_t>(live.tokens.load());
  numbers.ttft_p50_ms = live.ttft_quantile_ms(0.50);
  numbers.ttft_p99_ms = live.ttft_quantile_ms(0.99);
  const double since_s = progress.elapsed_s - tokens_at_s_;
  if (since_s > 0.0) {
    numbers.output_tokens_per_s =
        static_cast<double>(numbers.output_tokens - tokens_before_) / since_s;
  }
  tokens_before_ = numbers.output_tokens;
  tokens_at_s_ = progress.elapsed_s;
  progress_.trial->elapsed_s = progress.elapsed_s;
  progress_.trial->least_s = progress.expected_s;
  progress_.trial->live = numbers;
  write();
}

void ProgressRecorder::on_trial_finished(const record::TrialResult& trial, std::size_t number,
                                         std::size_t total) {
  next_.on_trial_finished(trial, number, total);
  ++finished_here_;
  last_finish_ = clock_();
  // An attached server may turn out to be one.
  if (trial.engine_info.value("simulated", false)) progress_.simulated = true;
  progress_.trial.reset();
  count(number, total);
  enter(Step::preparing);
}

void ProgressRecorder::on_message(const std::string& line) {
  next_.on_message(line);
  auto& kept = progress_.messages;
  if (kept.size() == kMostMessages) kept.erase(kept.begin());
  kept.push_back(cut(line));
  write_if_due();
}

void ProgressRecorder::summarising() {
  progress_.trial.reset();
  progress_.engine.clear();
  enter(Step::summarising);
}

void ProgressRecorder::ended(const base::Result<void>& how) {
  progress_.trial.reset();
  progress_.engine.clear();
  progress_.exit_code = how.has_value() ? 0 : base::exit_code(how.error().kind);
  progress_.message = how.has_value() ? std::string() : cut(how.error().message);
  enter(Step::ended);
}

void ProgressRecorder::enter(Step step) {
  progress_.step = step;
  step_begun_ = clock_();
  write();
}

void ProgressRecorder::count(std::size_t done, std::size_t total) {
  progress_.trials_done = static_cast<std::int64_t>(done);
  progress_.trials_total = static_cast<std::int64_t>(total);
}

/// Only a planned number of trials says how much is left.
void ProgressRecorder::add_left() {
  progress_.left_least_s.reset();
  progress_.left_s.reset();
  if (progress_.total_is == record::TotalKind::at_most) return;
  const auto left = static_cast<double>(progress_.trials_total - progress_.trials_done);
  const double in_trial_s = progress_.trial ? progress_.trial->elapsed_s : 0.0;
  const double least_s = least_seconds(study_);
  progress_.left_least_s = std::max(0.0, left * least_s - std::min(in_trial_s, least_s));
  if (progress_.exit_code) {
    progress_.left_least_s = progress_.left_s = 0.0;
  } else if (finished_here_ > 0) {
    const double pace_s =
        base::to_seconds(last_finish_ - begun_) / static_cast<double>(finished_here_);
    const double since_s = base::to_seconds(clock_() - last_finish_);
    progress_.left_s = std::max(*progress_.left_least_s, left * pace_s - since_s);
  }
}

void ProgressRecorder::write() {
  written_ = clock_();
  progress_.updated_utc = base::utc_now_iso8601();
  progress_.elapsed_s = base::to_seconds(written_ - begun_);
  progress_.step_elapsed_s = base::to_seconds(written_ - step_begun_);
  add_left();
  write_(progress_);
}

void ProgressRecorder::write_if_due() {
  if (clock_() - written_ >= kLeastGap) write();
}

}  // namespace tokamark::run
