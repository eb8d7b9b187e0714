#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"

namespace tokamark::engine {

/// How an engine's first process ended.
struct ProcessEnd {
  int wait_status = 0;         ///< as waitpid gives it
  bool guardian_lost = false;  ///< the guardian was killed, and the engine with it
  /// "exited with code 1", "was killed by signal 9 (Killed)".
  [[nodiscard]] std::string text() const;
};

/// How a stop went.
enum class StopOutcome { orderly, killed };

/// An engine under a guardian (engine/guardian.h). Not thread-safe except `processes`.
/// The destructor kills what is left.
class SupervisedProcess {
 public:
  /// Starts the command; stdout and stderr are appended to `log_path`, stdin is empty. Makes this
  /// process a child subreaper. Errors of kind `engine` name the program, of kind `output` the log.
  static base::Result<std::unique_ptr<SupervisedProcess>> spawn(
      const LaunchCommand& command, const std::filesystem::path& log_path,
      std::chrono::milliseconds stop_timeout);

  ~SupervisedProcess();
  SupervisedProcess(const SupervisedProcess&) = delete;
  SupervisedProcess& operator=(const SupervisedProcess&) = delete;

  /// The engine's first process.
  [[nodiscard]] pid_t main_pid() const { return main_pid_; }
  /// The guardian above it.
  [[nodiscard]] pid_t guardian_pid() const { return guardian_pid_; }

  /// Empty while the first process lives. Does not wait.
  std::optional<ProcessEnd> end();

  /// Live processes of the engine, at most one second old. Thread-safe.
  [[nodiscard]] std::vector<pid_t> processes() const;

  /// Counts this process and what is below it as the engine's too: a container that a daemon
  /// started is nobody's child here.
  void watch_outside(pid_t process) { outside_ = process; }

  /// SIGTERM to the group, up to the stop timeout for an orderly end, SIGKILL for the rest, and
  /// returns when none is left. Idempotent.
  base::Result<StopOutcome> stop();

 private:
  SupervisedProcess(const LaunchCommand& command, pid_t guardian, int control_fd, int news_fd,
                    std::string tag, std::chrono::milliseconds stop_timeout);
  /// Makes the pipes and the guardian.
  static base::Result<std::unique_ptr<SupervisedProcess>> connect(
      const LaunchCommand& command, int log_fd, std::chrono::milliseconds stop_timeout);
  base::Result<void> await_start(const std::string& program);
  void read_news(int wait_ms);
  void apply_news(const std::string& line);
  void guardian_ended();
  void end_what_is_left();
  void send(char command) const;

  LaunchCommand command_;
  pid_t guardian_pid_;
  pid_t outside_ = -1;
  int control_fd_;
  int news_fd_;
  std::string tag_;  ///< "NAME=value" in the environment of every process of this engine
  std::chrono::milliseconds stop_timeout_;
  pid_t main_pid_ = -1;
  int start_errno_ = 0;
  std::string news_;
  std::optional<ProcessEnd> end_;
  bool needed_kill_ = false;
  bool told_gone_ = false;
  bool left_behind_ = false;           ///< a process outlived its SIGKILL
  std::atomic<bool> finished_{false};  ///< the guardian was reaped
  mutable std::mutex cache_mutex_;
  mutable std::vector<pid_t> cached_;
  mutable std::optional<std::chrono::steady_clock::time_point> cached_at_;
};

}  // namespace tokamark::engine
