#include "setup/environment.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/files.h"
#include "base/program.h"
#include "base/text.h"
#include "engine/launch_line.h"
#include "setup/disk_space.h"
#include "setup/mounts.h"

namespace tokamark::setup {

namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

/// Of a whole environment; holds its pins.
constexpr const char* kReady = "READY";
/// Of one that is being made; holds its pins.
constexpr const char* kUnfinished = "UNFINISHED";

/// A file beside the folder that one process holds at a time.
class FolderLock {
 public:
  FolderLock() = default;
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock() {
    if (file_ >= 0) ::close(file_);
  }
  base::Result<void> take(const fs::path& folder) {
    const std::string path = folder.string() + ".lock";
    // Installers inherit it: one that outlives a killed tokamark still holds the folder.
    file_ = ::open(path.c_str(), O_RDWR | O_CREAT, 0644);
    if (file_ < 0) {
      return Error{ErrorKind::output,
                   fmt::format("{} cannot be created: {}", path, std::strerror(errno))};
    }
    if (::flock(file_, LOCK_EX | LOCK_NB) == 0) return base::ok();
    return Error{ErrorKind::output, fmt::format("another `tokamark setup` is at work in {}; wait "
                                                "for it, or choose another --folder",
                                                folder.string())};
  }

 private:
  int file_ = -1;
};

/// Removes a folder of a look when it is over.
struct Removed {
  fs::path folder;
  ~Removed() {
    std::error_code failed;
    if (!folder.empty()) fs::remove_all(folder, failed);
  }
};

std::string content(const fs::path& file) {
  const auto text = base::read_file(file, ErrorKind::output);
  if (text.has_error()) return "";
  const std::string line = base::one_line(text.value());
  return line.substr(0, line.find_last_not_of(' ') + 1);
}

bool is_there(const fs::path& path) {
  std::error_code failed;
  return fs::exists(path, failed);
}

/// What is in the order's folder.
enum class Found { nothing, ready, unfinished, another, foreign };

Found look_into(const EnvironmentOrder& order) {
  std::error_code failed;
  if (!is_there(order.folder) || fs::is_empty(order.folder, failed)) return Found::nothing;
  if (is_there(order.folder / kReady)) {
    return fulfils(content(order.folder / kReady), order.recipe) ? Found::ready : Found::another;
  }
  return is_there(order.folder / kUnfinished) ? Found::unfinished : Found::foreign;
}

/// Errors of kind `usage` where the folder must stay as it is.
base::Result<void> refuse_to_touch(const EnvironmentOrder& order, Found found) {
  const std::string folder = order.folder.string();
  if (found == Found::foreign) {
    return Error{ErrorKind::usage,
                 fmt::format("{} exists and was not made by `tokamark setup`; use it as it is, "
                             "remove it, or choose another folder",
                             folder)};
  }
  if (found == Found::another && order.existing == Existing::keep) {
    return Error{ErrorKind::usage,
                 fmt::format("{} holds {}, and {} is wanted; choose another folder, or replace it "
                             "with --replace",
                             folder, content(order.folder / kReady), order.recipe.pins())};
  }
  return base::ok();
}

/// An empty folder with the mark that it is not whole.
base::Result<void> begin(const EnvironmentOrder& order, const fs::path& folder) {
  std::error_code failed;
  // READY goes first: a folder whose removal is interrupted is then an unfinished one.
  if (is_there(folder / kReady)) {
    TOKAMARK_TRY_VOID(base::write_file_atomic(folder / kUnfinished, order.recipe.pins() + "\n"));
    fs::remove(folder / kReady, failed);
  }
  for (fs::directory_iterator it(folder, failed), end; !failed && it != end; it.increment(failed)) {
    if (it->path().filename() == kUnfinished) continue;
    std::error_code stuck;
    fs::remove_all(it->path(), stuck);
    if (stuck) {
      return Error{ErrorKind::output,
                   fmt::format("{} cannot be removed: {}", it->path().string(), stuck.message())};
    }
  }
  TOKAMARK_TRY_VOID(base::make_folder(folder));
  return base::write_file_atomic(folder / kUnfinished, order.recipe.pins() + "\n");
}

base::Result<void> check_disks(const EnvironmentOrder& order, const Installer& installer,
                               const DownloadSize& size) {
  const fs::path cache = installer.cache();
  const auto place = cache.empty() || same_disk(cache, order.folder) ? CachePlace::same_disk
                                                                     : CachePlace::other_disk;
  const InstallSpace space = install_space(size, installer.tool(), place);
  TOKAMARK_TRY_VOID(check_space({order.folder, space.environment,
                                 "an estimate: packages unpack to twice their size",
                                 "make room, or choose a folder on a larger disk with --folder"}));
  if (space.cache == 0) return base::ok();
  const char* variable = installer.tool() == InstallTool::uv ? "UV_CACHE_DIR" : "PIP_CACHE_DIR";
  return check_space(
      {cache, space.cache, "an estimate, for the installer's cache",
       fmt::format("make room, or set {} to a folder beside {}", variable, order.folder.string())});
}

/// A word where the environment would be lost with the container.
void warn_if_ephemeral(const EnvironmentOrder& order, Progress& progress) {
  const auto mounts = read_mounts();
  if (mounts.has_error()) return;
  const Mount* mount = mount_of(mounts.value(), order.folder);
  if (mount == nullptr || !is_ephemeral(*mount)) return;
  const auto volumes = data_volumes(mounts.value());
  progress.say(fmt::format(
      "note: {} lies on a {} file system, which is gone with the container{}",
      order.folder.string(), mount->type,
      volumes.empty() ? "" : "; --folder " + volumes.front().point + "/... would keep it"));
}

/// Engines look themselves up by their usual name in the metadata of installed distributions.
base::Result<void> add_alias(const Recipe& recipe, const fs::path& folder) {
  if (recipe.metadata_alias.empty()) return base::ok();
  const auto packages = engine::site_packages(folder);
  if (!packages) {
    return Error{ErrorKind::engine, folder.string() + " has no site-packages; run it again"};
  }
  const fs::path entry =
      *packages / fmt::format("{}-{}+cpu.dist-info", recipe.metadata_alias, recipe.version);
  TOKAMARK_TRY_VOID(base::make_folder(entry));
  return base::write_file_atomic(entry / "METADATA",
                                 fmt::format("Metadata-Version: 2.1\nName: {}\nVersion: {}+cpu\n",
                                             recipe.metadata_alias, recipe.version));
}

base::Result<void> check_version(const Recipe& recipe, const fs::path& folder) {
  const auto version = engine::distribution_version(folder, recipe.distribution());
  if (version && *version == recipe.version) return base::ok();
  return Error{
      ErrorKind::engine,
      fmt::format("{} has {} {} after the installation, and {} was asked for", folder.string(),
                  recipe.distribution(), version.value_or("not at all"), recipe.version)};
}

/// Measures and tells; the folder is where it may try things.
base::Result<DownloadSize> tell_size(const EnvironmentOrder& order, const Installer& installer,
                                     Progress& progress) {
  TOKAMARK_TRY_VOID(installer.make_bare(progress));
  TOKAMARK_TRY(const DownloadSize size, installer.measure(progress));
  const auto free = free_bytes(order.folder);
  progress.say(fmt::format(
      "{}: {} to download at most, less what the cache of {} holds, into {}, where {} are free",
      order.recipe.pins(), size.text("package", "packages"),
      installer.tool() == InstallTool::uv ? "uv" : "pip", order.folder.string(),
      free ? size_text(*free) : "unknown amounts"));
  TOKAMARK_TRY_VOID(check_disks(order, installer, size));
  return size;
}

base::Result<void> look(const EnvironmentOrder& order, Progress& progress) {
  std::error_code failed;
  const fs::path folder =
      fs::temp_directory_path(failed) / fmt::format("tokamark-setup-{}", ::getpid());
  TOKAMARK_TRY_VOID(base::make_folder(folder));
  const Removed removed{folder};
  TOKAMARK_TRY(const Installer installer, Installer::find(order.recipe, folder / "env", progress));
  TOKAMARK_TRY_VOID(base::make_folder(folder / "env"));
  TOKAMARK_TRY_VOID(tell_size(order, installer, progress));
  progress.say("nothing was installed");
  return base::ok();
}

base::Result<void> make(const EnvironmentOrder& order, Progress& progress) {
  const fs::path& folder = order.folder;
  TOKAMARK_TRY_VOID(begin(order, folder));
  std::error_code failed;
  const fs::path log = folder.string() + ".log";
  fs::remove(log, failed);
  progress.log_to(log);
  TOKAMARK_TRY(const Installer installer, Installer::find(order.recipe, folder, progress));
  progress.say(fmt::format("{}: {}", order.recipe.kind, installer.text()));
  warn_if_ephemeral(order, progress);
  TOKAMARK_TRY_VOID(tell_size(order, installer, progress));
  TOKAMARK_TRY_VOID(installer.install(progress));
  TOKAMARK_TRY_VOID(add_alias(order.recipe, folder));
  TOKAMARK_TRY_VOID(check_version(order.recipe, folder));
  TOKAMARK_TRY_VOID(base::write_file_atomic(folder / kReady, order.recipe.pins() + "\n"));
  fs::remove(folder / kUnfinished, failed);
  progress.say(
      fmt::format("{} is ready; use it with `venv: {}`", order.recipe.kind, folder.string()));
  return base::ok();
}

}  // namespace

std::optional<std::string> engine_present(const fs::path& folder, const Recipe& recipe,
                                          const std::string& version) {
  if (is_there(folder / kUnfinished)) return std::nullopt;
  const auto found = engine::distribution_version(folder, recipe.distribution());
  return found && (version.empty() || *found == version) ? found : std::nullopt;
}

base::Result<void> set_up_environment(const EnvironmentOrder& order, Progress& progress) {
  const auto ready = [&] {
    progress.say(fmt::format("{}: {} is ready", order.recipe.kind, order.folder.string()));
  };
  const Found found = look_into(order);
  if (found == Found::ready) {
    ready();
    return base::ok();
  }
  TOKAMARK_TRY_VOID(refuse_to_touch(order, found));
  if (order.extent == Extent::look) return look(order, progress);
  TOKAMARK_TRY_VOID(base::make_folder(order.folder.parent_path()));
  FolderLock lock;
  TOKAMARK_TRY_VOID(lock.take(order.folder));
  // It may have been made meanwhile.
  const Found now = look_into(order);
  if (now == Found::ready) {
    ready();
    return base::ok();
  }
  TOKAMARK_TRY_VOID(refuse_to_touch(order, now));
  return make(order, progress);
}

}  // namespace tokamark::setup
