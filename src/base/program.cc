#include "base/program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace tokamark::base {

namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

/// How often a stop is looked for.
constexpr milliseconds kTurn{100};

/// Texts as exec takes them.
class Words {
 public:
  explicit Words(std::vector<std::string> texts) : texts_(std::move(texts)) {
    for (std::string& text : texts_) pointers_.push_back(text.data());
    pointers_.push_back(nullptr);
  }
  [[nodiscard]] char** data() { return pointers_.data(); }

 private:
  std::vector<std::string> texts_;
  std::vector<char*> pointers_;
};

std::vector<std::string> environment_with(const std::map<std::string, std::string>& added) {
  std::vector<std::string> entries;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text(*entry);
    if (added.count(text.substr(0, text.find('='))) == 0) entries.push_back(text);
  }
  for (const auto& [name, value] : added) entries.push_back(name + "=" + value);
  return entries;
}

/// A child whose output is read through a pipe.
struct Child {
  pid_t pid = -1;
  int output = -1;
};

Result<Child> spawn_child(const ProgramCall& call) {
  std::array<int, 2> pipe_fds{};
  if (::pipe2(pipe_fds.data(), O_CLOEXEC) != 0) {
    return Error{ErrorKind::engine, fmt::format("no pipe: {}", std::strerror(errno))};
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, call.input_path.c_str(), O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], STDOUT_FILENO);
  if (call.errors == CallErrors::with_output) {
    posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], STDERR_FILENO);
  } else {
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  }
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  Words argv(call.argv);
  Words environment(environment_with(call.env));
  Child child{-1, pipe_fds[0]};
  const int code = ::posix_spawnp(&child.pid, argv.data()[0], &actions, &attributes, argv.data(),
                                  environment.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  ::close(pipe_fds[1]);
  if (code == 0) return child;
  ::close(child.output);
  return Error{ErrorKind::engine,
               fmt::format("{} cannot be run: {}", call.argv.front(), std::strerror(code))};
}

/// Reads to the end of the output.
Result<std::string> read_all(int fd, const ProgramCall& call) {
  const auto deadline = SteadyClock::now() + call.timeout;
  std::string text;
  std::array<char, 4096> buffer{};
  while (text.size() <= call.output_limit) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - SteadyClock::now());
    if (call.stop != nullptr && call.stop->load()) {
      return Error{ErrorKind::interrupted, call.argv.front() + " was interrupted"};
    }
    if (left.count() <= 0) {
      return Error{ErrorKind::timeout,
                   fmt::format("{} did not end within {:.1f} s", call.argv.front(),
                               static_cast<double>(call.timeout.count()) / 1e3)};
    }
    pollfd source{fd, POLLIN, 0};
    if (::poll(&source, 1, static_cast<int>(std::min(left, kTurn).count())) <= 0) continue;
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    const std::string_view piece(buffer.data(), static_cast<std::size_t>(got));
    text.append(piece);
    if (call.on_output) call.on_output(piece);
  }
  return Error{ErrorKind::engine,
               fmt::format("{} printed more than {} bytes", call.argv.front(), call.output_limit)};
}

/// Ends the child's group. One that was interrupted may tidy up first.
void end_group(const Child& child, const ProgramCall& call, ErrorKind why) {
  const auto deadline = SteadyClock::now() + call.grace;
  if (why == ErrorKind::interrupted && call.grace.count() > 0) {
    ::kill(-child.pid, SIGINT);
    siginfo_t info{};
    while (SteadyClock::now() < deadline &&
           ::waitid(P_PID, static_cast<id_t>(child.pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == 0) {
      ::poll(nullptr, 0, 20);
    }
  }
  ::kill(-child.pid, SIGKILL);
}

}  // namespace

Result<ProgramEnd> run_program(const ProgramCall& call) {
  if (call.argv.empty()) return Error{ErrorKind::internal, "a program without a name"};
  TOKAMARK_TRY(const Child child, spawn_child(call));
  auto output = read_all(child.output, call);
  if (output.has_error()) end_group(child, call, output.error().kind);
  ::close(child.output);
  int status = 0;
  while (::waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (output.has_error()) return std::move(output).error();
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ProgramEnd{code, std::move(output.value())};
}

}  // namespace tokamark::base
