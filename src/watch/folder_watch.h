#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "record/result.h"
#include "run/results_folder.h"
#include "watch/snapshot.h"

namespace tokamark::watch {

/// Which version of a file was seen; 0s = there was none.
struct FileStamp {
  std::uint64_t inode = 0;
  std::int64_t modified_ns = 0, size = 0;
  bool operator==(const FileStamp&) const = default;
};

/// Looks at a results folder while another process may write it. Reads only, takes no lock, and
/// opens a file again only after it was replaced. One thread.
class FolderWatch {
 public:
  /// Kind `usage` when the folder holds no study.
  static base::Result<FolderWatch> open(const std::filesystem::path& root);

  /// Looks once; to be called at most once a second. `wall_ns` is the time since the epoch, for
  /// the age of what is read.
  void poll(std::int64_t wall_ns);

  [[nodiscard]] const Snapshot& snapshot() const { return snapshot_; }
  /// Every trial that was seen to end, in that order. One that was judged again or run again comes
  /// again.
  [[nodiscard]] const std::vector<FinishedTrial>& finished() const { return finished_; }
  /// The newest trial of each engine, workload and load, without what its engine said.
  using Latest = std::map<std::string, record::TrialResult>;
  [[nodiscard]] const Latest& latest() const { return latest_; }
  [[nodiscard]] const run::ResultsFolder& folder() const { return folder_; }

 private:
  explicit FolderWatch(run::ResultsFolder folder) : folder_(std::move(folder)) {}
  base::Result<void> read_study();
  void read_progress(std::int64_t wall_ns);
  void read_trials();
  void take(record::TrialResult trial);
  void count();

  /// A trial in the folder.
  struct Seen {
    FileStamp summary;
    record::Verdict verdict = record::Verdict::incomplete;
    std::string shown;  ///< its event, to tell a real change from the same written again
  };

  run::ResultsFolder folder_;
  FileStamp progress_, trials_, results_, plan_;
  std::map<std::string, Seen> seen_;
  std::vector<FinishedTrial> finished_;
  Latest latest_;
  Snapshot snapshot_;
};

}  // namespace tokamark::watch
