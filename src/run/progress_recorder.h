#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "record/progress.h"
#include "run/observer.h"

namespace tokamark::run {

/// What a recorder knows from the start.
struct ProgressSetup {
  std::size_t trials_total = 0;
  record::TotalKind total_is = record::TotalKind::planned;
};

/// Writes where a study stands into its results folder for `tokamark watch`, and passes everything
/// on to another observer. A change of step is written at once, anything else at most once a
/// second; no write waits for the disk. On the runner's thread, which sends no measured request. A
/// write that fails is left out: the trials' own files will tell.
class ProgressRecorder final : public Observer {
 public:
  using Write = std::function<void(const record::Progress&)>;
  using Clock = std::function<base::TimePoint()>;

  /// What it is given must outlive it.
  ProgressRecorder(const study::Study& study, const ProgressSetup& setup, Observer& next,
                   Write write, Clock clock = base::now);

  /// Writes progress.json in this results folder.
  static Write into(const std::filesystem::path& folder);

  void on_engine_starting(const std::string& engine, double elapsed_s,
                          const std::string& last_log_line) override;
  void on_engine_ready(const std::string& engine, double elapsed_s) override;
  void on_trial_starting(const study::PlannedTrial& trial, std::size_t number,
                         std::size_t total) override;
  void on_trial_running(const study::PlannedTrial& trial, const TrialProgress& progress,
                        const load::LiveStats& live) override;
  void on_trial_finished(const record::TrialResult& trial, std::size_t number,
                         std::size_t total) override;
  void on_message(const std::string& line) override;

  /// The last trial is over; the summaries are next.
  void summarising();
  /// The study has ended so; nothing is written after this.
  void ended(const base::Result<void>& how);

 private:
  void enter(record::Step step);
  void count(std::size_t done, std::size_t total);
  void add_left();
  void write();
  void write_if_due();

  const study::Study& study_;
  Observer& next_;
  Write write_;
  Clock clock_;
  base::TimePoint begun_, step_begun_, written_, last_finish_;
  std::size_t finished_here_ = 0;   ///< trials run by this process
  std::int64_t tokens_before_ = 0;  ///< of the running trial, at the last write
  double tokens_at_s_ = 0.0;
  record::Progress progress_;
};

}  // namespace tokamark::run
