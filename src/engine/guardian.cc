#include "engine/guardian.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "engine/proc_table.h"

namespace tokamark::engine {

namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// Workers get this long after the engine's first process has ended.
constexpr milliseconds kLinger{5000};
/// Nobody is left to wait for an orderly end when tokamark has died.
constexpr milliseconds kOrphanGrace{2000};
constexpr milliseconds kIdlePoll{1000};
constexpr milliseconds kEndingPoll{50};
/// SIGKILL cannot be refused, but a process in uninterruptible sleep leaves late.
constexpr milliseconds kKillPatience{30000};
/// A container runtime's daemon may be busy.
constexpr milliseconds kCleanupPatience{60000};

void report(char what, int value) {
  const std::string line = fmt::format("{} {}\n", what, value);
  // Lost news is no harm: with no reader left, tokamark has died.
  [[maybe_unused]] const ssize_t written = ::write(kGuardianNewsFd, line.data(), line.size());
}

sigset_t watched_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGQUIT}) sigaddset(&set, number);
  return set;
}

/// In the child, between fork and exec: its own session, default signals, death with the guardian.
[[noreturn]] void become_engine(char** argv, pid_t guardian, int failure_fd) {
  ::setsid();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != guardian) ::_exit(127);
  ::signal(SIGPIPE, SIG_DFL);
  const sigset_t set = watched_signals();
  ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
  ::close(kGuardianControlFd);
  ::close(kGuardianNewsFd);
  ::execvp(argv[0], argv);
  const int code = errno;
  [[maybe_unused]] const ssize_t written = ::write(failure_fd, &code, sizeof code);
  ::_exit(127);
}

class Guardian {
 public:
  /// `cleanup` is null or an argv.
  Guardian(milliseconds stop_timeout, char** cleanup)
      : stop_timeout_(stop_timeout), cleanup_(cleanup) {}

  /// Starts the engine; false, and the news "E errno", when exec failed.
  bool launch(char** argv) {
    std::array<int, 2> failure{};
    if (::pipe2(failure.data(), O_CLOEXEC) != 0) return not_started(errno);
    const pid_t self = ::getpid();
    main_ = ::fork();
    if (main_ < 0) return not_started(errno);
    if (main_ == 0) become_engine(argv, self, failure[1]);
    ::close(failure[1]);
    int code = 0;
    const ssize_t got = ::read(failure[0], &code, sizeof code);
    ::close(failure[0]);
    if (got == static_cast<ssize_t>(sizeof code)) {
      ::waitpid(main_, nullptr, 0);
      return not_started(code);
    }
    report(kNewsStarted, main_);
    return true;
  }

  void run(int signal_fd) {
    while (!gone()) {
      std::array<pollfd, 2> sources{
          {{control_open_ ? kGuardianControlFd : -1, POLLIN, 0}, {signal_fd, POLLIN, 0}}};
      const milliseconds wait = state_ == State::running ? kIdlePoll : kEndingPoll;
      ::poll(sources.data(), sources.size(), static_cast<int>(wait.count()));
      if (sources[0].revents != 0) read_control();
      if (sources[1].revents != 0) read_signal(signal_fd);
      reap();
      if (state_ == State::ending && SteadyClock::now() >= deadline_) begin_kill();
      if (state_ == State::killing) kill_all();
    }
    const bool empty = descendants(process_table(), ::getpid()).empty();
    if (cleanup_ != nullptr) clean_up();
    if (empty) report(kNewsGone, 0);
  }

 private:
  enum class State { running, ending, killing };

  static bool not_started(int code) {
    report(kNewsNotStarted, code);
    return false;
  }

  /// Runs the cleanup to its end, or kills it when it takes too long.
  void clean_up() {
    const pid_t pid = ::fork();
    if (pid == 0) {
      const sigset_t set = watched_signals();
      ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
      ::execvp(cleanup_[0], cleanup_);
      ::_exit(127);
    }
    const auto deadline = SteadyClock::now() + kCleanupPatience;
    while (pid > 0 && ::waitpid(pid, nullptr, WNOHANG) == 0) {
      if (SteadyClock::now() >= deadline) ::kill(pid, SIGKILL);
      ::poll(nullptr, 0, static_cast<int>(kEndingPoll.count()));
    }
  }

  [[nodiscard]] bool gone() {
    if (main_alive_) return false;
    if (state_ == State::killing && SteadyClock::now() >= deadline_) return true;
    return descendants(process_table(), ::getpid()).empty();
  }

  void read_control() {
    char command = 0;
    const ssize_t got = ::read(kGuardianControlFd, &command, 1);
    if (got == 1) {
      if (command == kGuardianTerminate) begin_ending(stop_timeout_);
      if (command == kGuardianKill) begin_kill();
    } else if (got == 0 || errno != EINTR) {
      control_open_ = false;
      begin_ending(std::min(stop_timeout_, kOrphanGrace));
    }
  }

  void read_signal(int signal_fd) {
    signalfd_siginfo info{};
    if (::read(signal_fd, &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return;
    if (info.ssi_signo != SIGCHLD) begin_ending(stop_timeout_);
  }

  void reap() {
    int status = 0;
    while (true) {
      const pid_t pid = ::waitpid(-1, &status, WNOHANG);
      if (pid <= 0) return;
      if (pid != main_) continue;
      main_alive_ = false;
      report(kNewsExited, status);
      // What the engine left behind does not matter to anybody any more.
      if (state_ != State::killing) {
        signal_all(SIGTERM);
        shorten_deadline(kLinger);
      }
    }
  }

  void begin_ending(milliseconds grace) {
    if (state_ == State::killing) return;
    if (state_ == State::running && main_alive_) ::kill(-main_, SIGTERM);
    shorten_deadline(grace);
  }

  void shorten_deadline(milliseconds grace) {
    const auto wanted = SteadyClock::now() + grace;
    deadline_ = state_ == State::running ? wanted : std::min(deadline_, wanted);
    state_ = State::ending;
  }

  void begin_kill() {
    if (state_ == State::killing) return;
    report(kNewsKilled, 0);
    state_ = State::killing;
    deadline_ = SteadyClock::now() + kKillPatience;
  }

  /// Called each turn until none is left, because a process may fork between the look and the
  /// signal.
  static void kill_all() { signal_all(SIGKILL); }

  static void signal_all(int number) {
    for (const ProcessEntry& entry : descendants(process_table(), ::getpid())) {
      ::kill(entry.pid, number);
    }
  }

  milliseconds stop_timeout_;
  char** cleanup_;
  State state_ = State::running;
  SteadyClock::time_point deadline_{};
  pid_t main_ = -1;
  bool main_alive_ = true;
  bool control_open_ = true;
};

}  // namespace

bool is_guardian(int argc, char** argv) {
  return argc >= 5 && std::strcmp(argv[1], kGuardianArgument) == 0;
}

int guardian_main(int argc, char** argv) {
  const auto cleanup_words = static_cast<std::size_t>(std::strtol(argv[3], nullptr, 10));
  if (static_cast<std::size_t>(argc) < 5 + cleanup_words) ::_exit(127);
  // Each argv ends in a null of its own.
  std::vector<char*> cleanup(argv + 4, argv + 4 + cleanup_words);
  cleanup.push_back(nullptr);
  ::close_range(kGuardianNewsFd + 1, ~0U, 0);
  ::fcntl(kGuardianControlFd, F_SETFD, FD_CLOEXEC);
  ::fcntl(kGuardianNewsFd, F_SETFD, FD_CLOEXEC);
  ::setsid();  // Ctrl-C in the terminal is tokamark's to handle
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  ::prctl(PR_SET_NAME, "tokamark-guard");
  ::signal(SIGPIPE, SIG_IGN);
  const sigset_t set = watched_signals();
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  const int signal_fd = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  Guardian guardian{milliseconds(std::strtol(argv[2], nullptr, 10)),
                    cleanup_words > 0 ? cleanup.data() : nullptr};
  if (signal_fd < 0 || !guardian.launch(argv + 4 + cleanup_words)) ::_exit(127);
  guardian.run(signal_fd);
  ::_exit(0);
}

}  // namespace tokamark::engine
