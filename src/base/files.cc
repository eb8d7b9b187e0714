#include "base/files.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace tokamark::base {

namespace {

Error io_error(ErrorKind kind, std::string_view doing, const std::filesystem::path& path,
               int code) {
  std::string message = fmt::format("{} {}: {}", doing, path.string(), std::strerror(code));
  if (code == ENOSPC) message += "; free some space or choose another --output";
  if (code == EROFS || (code == EACCES && kind == ErrorKind::output)) {
    message += "; choose a writable --output";
  }
  return Error{kind, std::move(message)};
}

/// Closes the descriptor when it goes out of scope.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

/// Whether a write returns before the disk has the bytes.
enum class Durability { cached, synced };

/// 0, or the errno of the first failing step.
int write_all(int fd, std::string_view bytes, Durability durability) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  if (durability == Durability::cached) return 0;
  return ::fsync(fd) == 0 ? 0 : errno;
}

/// Writes a temporary beside the file and renames it into place.
Result<void> put(const std::filesystem::path& path, std::string_view bytes, Durability durability) {
  std::filesystem::path temporary = path;
  temporary += ".tmp";
  int failed = 0;
  {
    constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
    const Descriptor file(::open(temporary.c_str(), kFlags, 0644));
    if (file.get() < 0) return io_error(ErrorKind::output, "cannot create", temporary, errno);
    failed = write_all(file.get(), bytes, durability);
  }
  if (failed == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) failed = errno;
  if (failed == 0) return ok();
  ::unlink(temporary.c_str());
  return io_error(ErrorKind::output, "cannot write", path, failed);
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& path, ErrorKind kind) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return io_error(kind, "cannot open", path, errno);
  std::string bytes;
  char block[65536];
  for (;;) {
    const ssize_t got = ::read(file.get(), block, sizeof block);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return io_error(kind, "cannot read", path, errno);
    if (got == 0) return bytes;
    bytes.append(block, static_cast<std::size_t>(got));
  }
}

std::string read_file_or_nothing(const std::filesystem::path& path) {
  auto bytes = read_file(path, ErrorKind::internal);
  return bytes ? std::move(bytes.value()) : std::string();
}

Result<void> write_file_atomic(const std::filesystem::path& path, std::string_view bytes) {
  TOKAMARK_TRY_VOID(put(path, bytes, Durability::synced));
  const std::filesystem::path parent = path.parent_path();
  return sync_folder(parent.empty() ? std::filesystem::path(".") : parent);
}

Result<void> replace_file(const std::filesystem::path& path, std::string_view bytes) {
  return put(path, bytes, Durability::cached);
}

Result<void> make_folder(const std::filesystem::path& path) {
  std::error_code code;
  std::filesystem::create_directories(path, code);
  if (code) return io_error(ErrorKind::output, "cannot create folder", path, code.value());
  return ok();
}

Result<void> sync_folder(const std::filesystem::path& path) {
  const Descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0) return io_error(ErrorKind::output, "cannot open folder", path, errno);
  if (::fsync(folder.get()) != 0 && errno != EINVAL) {
    return io_error(ErrorKind::output, "cannot sync folder", path, errno);
  }
  return ok();
}

}  // namespace tokamark::base
