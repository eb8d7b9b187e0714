#include "engine/proc_table.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/files.h"

namespace tokamark::engine {

namespace {

namespace fs = std::filesystem;

template <typename Number>
std::optional<Number> number(std::string_view text, int base = 10) {
  Number value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<pid_t> all_pids() {
  std::vector<pid_t> pids;
  std::error_code failed;
  for (fs::directory_iterator it("/proc", failed), end; !failed && it != end;
       it.increment(failed)) {
    if (const auto pid = number<pid_t>(it->path().filename().string())) pids.push_back(*pid);
  }
  return pids;
}

/// Inodes of the sockets that listen on the port, from one of the kernel's socket tables.
void listening_inodes(const char* table, std::uint16_t port, std::set<std::string>& inodes) {
  std::ifstream in(table);
  std::string line;
  std::getline(in, line);  // the header
  while (std::getline(in, line)) {
    std::istringstream fields(line);
    std::array<std::string, 10> field;
    for (std::string& text : field) fields >> text;
    constexpr std::string_view kListening = "0A";
    const std::size_t colon = field[1].rfind(':');
    if (field[3] != kListening || colon == std::string::npos) continue;
    const auto found = number<unsigned>(std::string_view(field[1]).substr(colon + 1), 16);
    if (found && *found == port) inodes.insert(fmt::format("socket:[{}]", field[9]));
  }
}

bool holds_socket(pid_t pid, const std::set<std::string>& sockets) {
  std::error_code failed;
  const fs::path folder = fmt::format("/proc/{}/fd", pid);
  for (fs::directory_iterator it(folder, failed), end; !failed && it != end; it.increment(failed)) {
    std::error_code unreadable;
    const fs::path target = fs::read_symlink(it->path(), unreadable);
    if (!unreadable && sockets.count(target.string()) > 0) return true;
  }
  return false;
}

}  // namespace

std::optional<ProcessEntry> parse_proc_stat(std::string_view text) {
  const std::size_t open = text.find('(');
  const std::size_t close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open ||
      open < 2) {
    return std::nullopt;
  }
  ProcessEntry entry;
  const auto pid = number<pid_t>(text.substr(0, open - 1));
  entry.name = text.substr(open + 1, close - open - 1);
  std::istringstream rest{std::string(text.substr(close + 1))};
  rest >> entry.state >> entry.parent;
  if (!pid || rest.fail()) return std::nullopt;
  entry.pid = *pid;
  return entry;
}

std::vector<ProcessEntry> process_table() {
  std::vector<ProcessEntry> table;
  for (const pid_t pid : all_pids()) {
    if (auto entry =
            parse_proc_stat(base::read_file_or_nothing(fmt::format("/proc/{}/stat", pid)))) {
      table.push_back(std::move(*entry));
    }
  }
  return table;
}

std::vector<ProcessEntry> descendants(const std::vector<ProcessEntry>& table, pid_t root) {
  std::vector<ProcessEntry> found;
  std::vector<pid_t> parents{root};
  std::set<pid_t> seen{root};  // a torn snapshot may contain a cycle
  while (!parents.empty()) {
    const pid_t parent = parents.back();
    parents.pop_back();
    for (const ProcessEntry& entry : table) {
      if (entry.parent != parent || !seen.insert(entry.pid).second) continue;
      found.push_back(entry);
      parents.push_back(entry.pid);
    }
  }
  return found;
}

std::vector<pid_t> processes_with_environment(std::string_view assignment) {
  const std::string wanted = '\0' + std::string(assignment) + '\0';
  std::vector<pid_t> found;
  for (const pid_t pid : all_pids()) {
    if (pid == ::getpid()) continue;
    const std::string environment =
        '\0' + base::read_file_or_nothing(fmt::format("/proc/{}/environ", pid));
    if (environment.find(wanted) != std::string::npos) found.push_back(pid);
  }
  return found;
}

std::optional<Listener> listener_of(std::uint16_t port) {
  std::set<std::string> sockets;
  listening_inodes("/proc/net/tcp", port, sockets);
  listening_inodes("/proc/net/tcp6", port, sockets);
  if (sockets.empty()) return std::nullopt;
  for (const pid_t pid : all_pids()) {
    if (!holds_socket(pid, sockets)) continue;
    const auto entry =
        parse_proc_stat(base::read_file_or_nothing(fmt::format("/proc/{}/stat", pid)));
    return Listener{pid, entry ? entry->name : "?"};
  }
  return std::nullopt;
}

}  // namespace tokamark::engine
