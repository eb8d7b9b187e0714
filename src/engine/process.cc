#include "engine/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <thread>
#include <utility>

#include "base/program.h"
#include "engine/guardian.h"
#include "engine/proc_table.h"

namespace tokamark::engine {

namespace {

using base::Error;
using base::ErrorKind;
using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kStartPatience{10000};
/// Beyond the stop timeout: the guardian's own bound on SIGKILL, and room to report.
constexpr milliseconds kStopSlack{100000};
constexpr milliseconds kCleanupPatience{60000};
constexpr std::chrono::seconds kCacheAge{1};

/// Closes a descriptor when it goes out of scope.
class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

/// The inherited environment plus the command's and the tag, in the form exec takes.
class Environment {
 public:
  Environment(const std::map<std::string, std::string>& added, const std::string& tag) {
    for (char** entry = environ; *entry != nullptr; ++entry) {
      const std::string text(*entry);
      if (added.count(text.substr(0, text.find('='))) == 0) entries_.push_back(text);
    }
    for (const auto& [name, value] : added) entries_.push_back(name + "=" + value);
    entries_.push_back(tag);
    for (std::string& entry : entries_) pointers_.push_back(entry.data());
    pointers_.push_back(nullptr);
  }
  [[nodiscard]] char* const* data() const { return pointers_.data(); }

 private:
  std::vector<std::string> entries_;
  std::vector<char*> pointers_;
};

struct SpawnFds {
  int control, news, log;
};

/// posix_spawn of this program as a guardian. It does not fork this process, which may have
/// threads, and /proc/self/exe is right even after the file was replaced.
base::Result<pid_t> spawn_guardian(const LaunchCommand& command, const std::string& tag,
                                   milliseconds stop_timeout, const SpawnFds& fds) {
  std::vector<std::string> words{"tokamark", kGuardianArgument,
                                 std::to_string(stop_timeout.count()),
                                 std::to_string(command.cleanup.size())};
  words.insert(words.end(), command.cleanup.begin(), command.cleanup.end());
  words.insert(words.end(), command.argv.begin(), command.argv.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, fds.log, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, fds.log, STDERR_FILENO);
  posix_spawn_file_actions_adddup2(&actions, fds.control, kGuardianControlFd);
  posix_spawn_file_actions_adddup2(&actions, fds.news, kGuardianNewsFd);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);

  const Environment environment(command.env, tag);
  pid_t pid = -1;
  const int code =
      ::posix_spawn(&pid, "/proc/self/exe", &actions, &attributes, argv.data(), environment.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (code != 0) {
    return Error{ErrorKind::engine,
                 fmt::format("the engine's guardian did not start: {}", std::strerror(code))};
  }
  return pid;
}

/// Moves a descriptor above the guardian's own numbers, so that its dup2 calls cannot collide.
int lifted(int fd) {
  const int high = ::fcntl(fd, F_DUPFD_CLOEXEC, 16);
  ::close(fd);
  return high;
}

std::string new_tag() {
  static std::atomic<int> counter{0};
  return fmt::format("TOKAMARK_ENGINE={}-{}", ::getpid(), ++counter);
}

}  // namespace

std::string ProcessEnd::text() const {
  if (guardian_lost) return "was killed together with its guardian process";
  if (WIFSIGNALED(wait_status)) {
    const int number = WTERMSIG(wait_status);
    return fmt::format("was killed by signal {} ({})", number, ::strsignal(number));
  }
  return fmt::format("exited with code {}", WEXITSTATUS(wait_status));
}

SupervisedProcess::SupervisedProcess(const LaunchCommand& command, pid_t guardian, int control_fd,
                                     int news_fd, std::string tag, milliseconds stop_timeout)
    : command_(command),
      guardian_pid_(guardian),
      control_fd_(control_fd),
      news_fd_(news_fd),
      tag_(std::move(tag)),
      stop_timeout_(stop_timeout) {}

base::Result<std::unique_ptr<SupervisedProcess>> SupervisedProcess::spawn(
    const LaunchCommand& command, const std::filesystem::path& log_path,
    milliseconds stop_timeout) {
  if (command.argv.empty()) return Error{ErrorKind::internal, "an engine without a command"};
  const int log_fd = ::open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log_fd < 0) {
    return Error{ErrorKind::output,
                 fmt::format("engine log {} cannot be opened: {}; choose a writable --output",
                             log_path.string(), std::strerror(errno))};
  }
  const Fd log(lifted(log_fd));
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  TOKAMARK_TRY(std::unique_ptr<SupervisedProcess> process,
               connect(command, log.get(), stop_timeout));
  TOKAMARK_TRY_VOID(process->await_start(command.argv[0]));
  return process;
}

base::Result<std::unique_ptr<SupervisedProcess>> SupervisedProcess::connect(
    const LaunchCommand& command, int log_fd, milliseconds stop_timeout) {
  std::array<int, 2> control{};
  std::array<int, 2> news{};
  if (::pipe2(control.data(), O_CLOEXEC) != 0) {
    return Error{ErrorKind::engine, fmt::format("no pipe: {}", std::strerror(errno))};
  }
  // The guardian's ends are closed here when this function returns, so that its end shows.
  const Fd control_read(lifted(control[0]));
  Fd control_write(control[1]);
  if (::pipe2(news.data(), O_CLOEXEC) != 0) {
    return Error{ErrorKind::engine, fmt::format("no pipe: {}", std::strerror(errno))};
  }
  Fd news_read(news[0]);
  const Fd news_write(lifted(news[1]));
  const std::string tag = new_tag();
  TOKAMARK_TRY(
      const pid_t guardian,
      spawn_guardian(command, tag, stop_timeout, {control_read.get(), news_write.get(), log_fd}));
  return std::unique_ptr<SupervisedProcess>(new SupervisedProcess(
      command, guardian, control_write.release(), news_read.release(), tag, stop_timeout));
}

base::Result<void> SupervisedProcess::await_start(const std::string& program) {
  const auto deadline = SteadyClock::now() + kStartPatience;
  while (main_pid_ < 0 && start_errno_ == 0 && !finished_ && SteadyClock::now() < deadline) {
    read_news(100);
  }
  if (main_pid_ > 0) return base::ok();
  if (start_errno_ != 0) {
    return Error{ErrorKind::engine,
                 fmt::format("{} cannot be run: {}", program, std::strerror(start_errno_))};
  }
  return Error{ErrorKind::engine, fmt::format("{} was not started by its guardian process; is this "
                                              "program's main() dispatching to it?",
                                              program)};
}

SupervisedProcess::~SupervisedProcess() {
  if (!finished_) {
    send(kGuardianKill);
    const auto deadline = SteadyClock::now() + kStopSlack;
    while (!finished_ && SteadyClock::now() < deadline) read_news(100);
  }
  ::close(control_fd_);
  ::close(news_fd_);
}

void SupervisedProcess::send(char command) const {
  // A guardian that is gone leaves a broken pipe; SIGPIPE must not end tokamark for it.
  sigset_t pipe_signal;
  sigset_t before;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
  if (::write(control_fd_, &command, 1) != 1 && errno == EPIPE) {
    const timespec no_wait{};
    ::sigtimedwait(&pipe_signal, nullptr, &no_wait);
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void SupervisedProcess::read_news(int wait_ms) {
  if (finished_) return;
  pollfd source{news_fd_, POLLIN, 0};
  if (::poll(&source, 1, wait_ms) <= 0) return;
  std::array<char, 256> buffer{};
  const ssize_t got = ::read(news_fd_, buffer.data(), buffer.size());
  if (got < 0 && errno == EINTR) return;
  if (got <= 0) {
    guardian_ended();
    return;
  }
  news_.append(buffer.data(), static_cast<std::size_t>(got));
  for (std::size_t end = news_.find('\n'); end != std::string::npos; end = news_.find('\n')) {
    apply_news(news_.substr(0, end));
    news_.erase(0, end + 1);
  }
}

void SupervisedProcess::apply_news(const std::string& line) {
  int value = 0;
  if (line.size() > 2) std::from_chars(line.data() + 2, line.data() + line.size(), value);
  switch (line.empty() ? '\0' : line.front()) {
    case kNewsStarted:
      main_pid_ = value;
      break;
    case kNewsNotStarted:
      start_errno_ = value;
      break;
    case kNewsExited:
      end_ = ProcessEnd{value, false};
      break;
    case kNewsKilled:
      needed_kill_ = true;
      break;
    case kNewsGone:
      told_gone_ = true;
      break;
    default:
      break;
  }
}

void SupervisedProcess::guardian_ended() {
  ::waitpid(guardian_pid_, nullptr, 0);
  finished_ = true;
  if (told_gone_ || start_errno_ != 0) return;
  // The guardian was killed. The first process died with it (PDEATHSIG); its workers came to this
  // process, the next subreaper, and still carry the tag.
  if (!end_) end_ = ProcessEnd{0, true};
  needed_kill_ = true;
  end_what_is_left();
  if (command_.cleanup.empty()) return;
  base::ProgramCall cleanup;
  cleanup.argv = command_.cleanup;
  cleanup.timeout = kCleanupPatience;
  const auto cleaned = base::run_program(cleanup);
  left_behind_ = left_behind_ || cleaned.has_error();
}

void SupervisedProcess::end_what_is_left() {
  const auto deadline = SteadyClock::now() + kStartPatience;
  while (SteadyClock::now() < deadline) {
    const std::vector<pid_t> left = processes_with_environment(tag_);
    left_behind_ = !left.empty();
    if (!left_behind_) return;
    for (const pid_t pid : left) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, WNOHANG);
    }
    std::this_thread::sleep_for(milliseconds(20));
  }
}

std::optional<ProcessEnd> SupervisedProcess::end() {
  read_news(0);
  return end_;
}

std::vector<pid_t> SupervisedProcess::processes() const {
  const std::lock_guard lock(cache_mutex_);
  const auto now = SteadyClock::now();
  if (finished_) return {};
  if (cached_at_ && now - *cached_at_ < kCacheAge) return cached_;
  cached_.clear();
  const auto table = process_table();
  for (const pid_t root : {guardian_pid_, outside_}) {
    if (root <= 0) continue;
    for (const ProcessEntry& entry : descendants(table, root)) {
      const bool known = std::find(cached_.begin(), cached_.end(), entry.pid) != cached_.end();
      if (entry.state != 'Z' && !known) cached_.push_back(entry.pid);
    }
  }
  const bool apart = outside_ > 0 && ::kill(outside_, 0) == 0 &&
                     std::find(cached_.begin(), cached_.end(), outside_) == cached_.end();
  if (apart) cached_.push_back(outside_);
  cached_at_ = now;
  return cached_;
}

base::Result<StopOutcome> SupervisedProcess::stop() {
  if (!finished_) {
    send(kGuardianTerminate);
    const auto deadline = SteadyClock::now() + stop_timeout_ + kStopSlack;
    while (!finished_ && SteadyClock::now() < deadline) read_news(100);
  }
  if (!finished_ || left_behind_) {
    return Error{
        ErrorKind::engine,
        fmt::format("processes below pid {} do not end even after SIGKILL", guardian_pid_)};
  }
  return needed_kill_ ? StopOutcome::killed : StopOutcome::orderly;
}

}  // namespace tokamark::engine
