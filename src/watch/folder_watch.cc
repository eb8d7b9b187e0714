#include "watch/folder_watch.h"

#include <sys/stat.h>

#include <algorithm>
#include <tuple>

#include "report/rows.h"

namespace tokamark::watch {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// Bound on what is kept of trials that are judged or run again and again.
constexpr std::size_t kMostEvents = 100'000;
constexpr std::int64_t kNanos = 1'000'000'000;

FileStamp stamp_of(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  return {status.st_ino, status.st_mtim.tv_sec * kNanos + status.st_mtim.tv_nsec, status.st_size};
}

/// A summary that is not the one that was seen before.
struct News {
  FileStamp stamp;
  std::string id;
  bool operator<(const News& other) const {
    return std::tie(stamp.modified_ns, id) < std::tie(other.stamp.modified_ns, other.id);
  }
};

std::vector<std::string> trial_ids(const fs::path& trials) {
  std::vector<std::string> ids;
  std::error_code code;
  for (fs::directory_iterator entry(trials, code), end; !code && entry != end;
       entry.increment(code)) {
    const std::string name = entry->path().filename().string();
    if (name.front() != '.') ids.push_back(name);  // ".ID.part" is being written
  }
  return ids;
}

}  // namespace

base::Result<FolderWatch> FolderWatch::open(const fs::path& root) {
  TOKAMARK_TRY(run::ResultsFolder folder, run::ResultsFolder::open(root));
  FolderWatch watch(std::move(folder));
  TOKAMARK_TRY_VOID(watch.read_study());
  return watch;
}

base::Result<void> FolderWatch::read_study() {
  record::StudyResult result;
  TOKAMARK_TRY(result.study, folder_.read_json("study.json"));
  TOKAMARK_TRY(result.manifest, folder_.read_json("manifest.json"));
  if (!result.study.is_object() || !result.manifest.is_object()) {
    return base::Error{base::ErrorKind::study, folder_.root().string() +
                                                   ": study.json or manifest.json is no JSON "
                                                   "object; it was changed by hand"};
  }
  snapshot_.study = report::study_name(result);
  snapshot_.model = report::text_at(result.study, {"model", "name"});
  snapshot_.hardware = report::text_at(result.study, {"hardware", "gpu"});
  if (snapshot_.hardware.empty()) {
    snapshot_.hardware = report::text_at(result.manifest, {"host", "cpu"});
  }
  const auto simulated = result.manifest.find("simulated");
  snapshot_.simulated = simulated != result.manifest.end() && *simulated == true;
  return base::ok();
}

void FolderWatch::poll(std::int64_t wall_ns) {
  read_progress(wall_ns);
  read_trials();
  count();
  const auto liveness = snapshot_.progress && !snapshot_.progress->exit_code
                            ? base::liveness_of(snapshot_.progress->process)
                            : base::Liveness::unknown;
  settle(snapshot_, liveness);
}

void FolderWatch::read_progress(std::int64_t wall_ns) {
  const FileStamp stamp = stamp_of(folder_.root() / record::kProgressFile);
  if (stamp != progress_ && stamp != FileStamp()) {
    const auto text = folder_.read_json(record::kProgressFile);
    if (text.has_value()) {
      auto progress = record::progress_from_json(text.value());
      if (progress.has_value()) snapshot_.progress = std::move(progress.value());
    }
    progress_ = stamp;
  }
  snapshot_.age_s = snapshot_.progress
                        ? std::max(0.0, static_cast<double>(wall_ns - progress_.modified_ns) / 1e9)
                        : 0.0;
}

/// Summaries change when a trial comes into `trials/`, or before results.json is written.
void FolderWatch::read_trials() {
  const fs::path trials = folder_.root() / "trials";
  const FileStamp now = stamp_of(trials);
  const FileStamp results = stamp_of(folder_.root() / "results.json");
  if (now == trials_ && results == results_ && now != FileStamp()) return;
  trials_ = now;
  results_ = results;
  std::vector<News> news;
  std::map<std::string, Seen> still;
  for (const std::string& id : trial_ids(trials)) {
    const FileStamp stamp = stamp_of(trials / id / "summary.json");
    const auto known = seen_.find(id);
    if (known != seen_.end()) still.insert(*known);
    if (stamp == FileStamp() || (known != seen_.end() && known->second.summary == stamp)) continue;
    news.push_back({stamp, id});
  }
  seen_ = std::move(still);
  std::sort(news.begin(), news.end());
  for (const News& one : news) {
    auto trial = record::read_trial_file(trials / one.id / "summary.json");
    if (!trial.has_value()) {
      trials_ = {};  // moved away meanwhile, or not readable: again at the next look
      continue;
    }
    seen_[one.id].summary = one.stamp;
    trial.value().id = one.id;
    take(std::move(trial.value()));
  }
}

void FolderWatch::take(record::TrialResult trial) {
  Seen& seen = seen_[trial.id];
  seen.verdict = trial.verdict;
  FinishedTrial finished = finished_trial(trial);
  std::string shown = to_json(finished).dump();
  if (shown != seen.shown && finished_.size() < kMostEvents) {
    finished_.push_back(std::move(finished));
  }
  seen.shown = std::move(shown);
  if (trial.engine_info.is_object()) {
    const auto simulated = trial.engine_info.find("simulated");
    if (simulated != trial.engine_info.end() && *simulated == true) snapshot_.simulated = true;
  }
  trial.engine_info = nullptr;
  trial.calibration = nullptr;
  const std::string key = trial.engine + '\n' + trial.workload + '\n' + trial.load.label();
  latest_[key] = std::move(trial);
}

void FolderWatch::count() {
  snapshot_.valid = snapshot_.invalid = snapshot_.incomplete = 0;
  for (const auto& [id, seen] : seen_) {
    snapshot_.valid += seen.verdict == record::Verdict::valid ? 1 : 0;
    snapshot_.invalid += seen.verdict == record::Verdict::invalid ? 1 : 0;
    snapshot_.incomplete += seen.verdict == record::Verdict::incomplete ? 1 : 0;
  }
  const FileStamp plan = stamp_of(folder_.root() / "plan.json");
  if (plan == plan_) return;
  plan_ = plan;
  const auto text = folder_.read_json("plan.json");
  if (text.has_value() && text.value().is_object()) {
    const auto ids = text.value().find("trial_ids");
    if (ids != text.value().end()) snapshot_.planned = static_cast<std::int64_t>(ids->size());
  }
}

}  // namespace tokamark::watch
