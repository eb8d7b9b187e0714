#include "engine/help_call.h"

#include <fmt/format.h>

#include <chrono>
#include <map>
#include <thread>

#include "engine/log_tail.h"
#include "engine/process.h"

namespace tokamark::engine {

namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// Python engines import for minutes on a small, cold machine before they print anything.
constexpr milliseconds kHelpTimeout{300000};
constexpr milliseconds kStopTimeout{2000};
constexpr milliseconds kTurn{20};
constexpr std::size_t kMostHelp = std::size_t{1} << 20;
/// Fewer flags than this are no engine's help.
constexpr std::size_t kLeastFlags = 5;

/// Why there is no help; empty when the program ended well.
std::string wait_for_end(SupervisedProcess& process, const std::atomic<bool>* stop) {
  const auto deadline = SteadyClock::now() + kHelpTimeout;
  for (;;) {
    if (const auto end = process.end()) return end->wait_status == 0 ? "" : end->text();
    if (stop != nullptr && stop->load()) return "was interrupted";
    if (SteadyClock::now() >= deadline) {
      return fmt::format("did not end within {} s", kHelpTimeout.count() / 1000);
    }
    std::this_thread::sleep_for(kTurn);
  }
}

}  // namespace

std::optional<HelpText> ask_for_help(const EngineSpec& spec, const LaunchCommand& command,
                                     const std::filesystem::path& log,
                                     const std::atomic<bool>* stop, std::string& problem) {
  static std::map<std::string, HelpText> known;
  const std::string key =
      fmt::format("{}\n{}\n{}\n{}", spec.kind, spec.venv, spec.binary, spec.image);
  if (const auto found = known.find(key); found != known.end()) return found->second;
  const std::uint64_t from = log_size(log);
  auto process = SupervisedProcess::spawn(command, log, kStopTimeout);
  if (process.has_error()) {
    problem = process.error().message;
    return std::nullopt;
  }
  problem = wait_for_end(*process.value(), stop);
  static_cast<void>(process.value()->stop());
  HelpText help(read_log(log, from, kMostHelp));
  if (problem.empty() && help.size() < kLeastFlags) problem = "lists no flags";
  if (!problem.empty()) {
    problem = fmt::format("{} {}", command.argv.front(), problem);
    return std::nullopt;
  }
  known.emplace(key, help);
  return help;
}

}  // namespace tokamark::engine
