#include "base/process_identity.h"

#include <unistd.h>

#include <charconv>
#include <filesystem>

#include "base/files.h"

namespace tokamark::base {

namespace {

/// Field 22, counted from the state, which is field 3.
constexpr int kFieldsToStart = 19;

/// Nothing where it cannot be read: a process may end while its file is open.
std::string text_of(const std::string& path) {
  const auto text = read_file(path, ErrorKind::internal);
  return text.has_value() ? text.value() : std::string();
}

std::string boot_id() {
  std::string text = text_of("/proc/sys/kernel/random/boot_id");
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::string pid_namespace() {
  std::error_code code;
  return std::filesystem::read_symlink("/proc/self/ns/pid", code).string();
}

std::optional<std::int64_t> start_ticks(std::int64_t pid) {
  return start_ticks_of(text_of("/proc/" + std::to_string(pid) + "/stat"));
}

}  // namespace

std::optional<std::int64_t> start_ticks_of(std::string_view stat) {
  const std::size_t name_end = stat.rfind(") ");
  if (name_end == std::string_view::npos) return std::nullopt;
  std::string_view rest = stat.substr(name_end + 2);
  for (int field = 0; field < kFieldsToStart; ++field) {
    const std::size_t space = rest.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(space + 1);
  }
  std::int64_t ticks = 0;
  const auto read = std::from_chars(rest.data(), rest.data() + rest.size(), ticks);
  if (read.ec != std::errc()) return std::nullopt;
  return ticks;
}

ProcessIdentity this_process() {
  const std::int64_t pid = ::getpid();
  return {pid, start_ticks(pid).value_or(0), boot_id(), pid_namespace()};
}

Liveness liveness_of(const ProcessIdentity& process) {
  if (process.pid <= 0 || process.start_ticks <= 0 || process.boot_id.empty()) {
    return Liveness::unknown;
  }
  const ProcessIdentity here = this_process();
  if (here.boot_id != process.boot_id || here.pid_namespace != process.pid_namespace ||
      here.start_ticks <= 0) {
    return Liveness::unknown;
  }
  return start_ticks(process.pid) == process.start_ticks ? Liveness::alive : Liveness::ended;
}

}  // namespace tokamark::base
