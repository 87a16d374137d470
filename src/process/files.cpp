#include "process/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "core/error.hpp"

namespace scalectl::process {
namespace {

namespace fs = std::filesystem;

/// Marks a directory that a DirectoryLock made.
constexpr const char* kMadeHere = ".made-by-scalectl";

core::Error io_error(std::string_view verb, const fs::path& path) {
  return core::usage_error(
      fmt::format("cannot {} {}: {}", verb, path.string(), std::strerror(errno)),
      "check that the path is right and that you may use it");
}

void write_all(int fd, std::string_view content, const fs::path& path) {
  while (!content.empty()) {
    const ssize_t written = write(fd, content.data(), content.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      throw io_error("write", path);
    }
    content.remove_prefix(static_cast<std::size_t>(written));
  }
}

/// mkdir -p with mode 0755 for the directories that it makes.
std::error_code make_passable(const fs::path& directory) {
  std::error_code error;
  if (fs::is_directory(directory, error)) return {};
  if (directory.has_parent_path() && directory.parent_path() != directory) {
    if (const auto above = make_passable(directory.parent_path())) return above;
  }
  if (fs::create_directory(directory, error)) {
    fs::permissions(directory, fs::perms(0755), error);
  }
  return error;
}

mode_t current_umask() {
  const mode_t mask = umask(0);
  umask(mask);
  return mask;
}

}  // namespace

std::pair<Descriptor, Descriptor> make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    throw core::Error(core::ErrorKind::kFailed,
                      fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  }
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

void hold_standard_streams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
    // The lowest free number, hence this one; opened for the opposite of what it is for.
    [[maybe_unused]] const int held = open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

std::string read_file(const fs::path& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) throw io_error("read", path);
  std::string content;
  char buffer[65536];
  for (;;) {
    const ssize_t got = read(file.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw io_error("read", path);
    if (got == 0) return content;
    content.append(buffer, static_cast<std::size_t>(got));
  }
}

Appender::Appender(const fs::path& path)
    : path_(path), fd_(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) {
  if (!fd_) throw io_error("write", path);
}

void Appender::write(std::string_view text) {
  try {
    write_all(fd_.get(), text, path_);
  } catch (const core::Error& error) {
    throw core::Error(core::ErrorKind::kFailed, error.message(), error.hint());
  }
}

void write_file(const fs::path& path, std::string_view content, unsigned mode) {
  struct stat existing {};
  const bool exists = stat(path.c_str(), &existing) == 0;
  if (exists && !S_ISREG(existing.st_mode)) {
    const Descriptor file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file) throw io_error("write", path);
    write_all(file.get(), content, path);
    return;
  }
  // A link keeps pointing where it points: the file behind it is the one to replace.
  const fs::path target = exists ? fs::canonical(path) : path;
  std::string temporary = target.string() + ".XXXXXX";
  const Descriptor file(mkostemp(temporary.data(), O_CLOEXEC));
  if (!file) throw io_error("write", path);
  try {
    const mode_t wanted = exists ? existing.st_mode & 07777 : mode & ~current_umask();
    if (fchmod(file.get(), wanted) != 0) throw io_error("write", path);
    write_all(file.get(), content, path);
    if (fsync(file.get()) != 0 || rename(temporary.c_str(), target.c_str()) != 0) {
      throw io_error("write", path);
    }
  } catch (...) {
    unlink(temporary.c_str());
    throw;
  }
}

void require_writable(const fs::path& path) {
  struct stat existing {};
  const bool exists = stat(path.c_str(), &existing) == 0;
  if (exists && !S_ISREG(existing.st_mode)) {
    if (S_ISDIR(existing.st_mode)) errno = EISDIR;
    if (S_ISDIR(existing.st_mode) || access(path.c_str(), W_OK) != 0) throw io_error("write", path);
    return;
  }
  const fs::path target = exists ? fs::canonical(path) : path;
  const fs::path directory = target.has_parent_path() ? target.parent_path() : ".";
  if (access((directory / ".").c_str(), W_OK | X_OK) != 0) throw io_error("write", path);
}

DirectoryLock::DirectoryLock(const fs::path& directory) : directory_(directory) {
  for (;;) {
    const bool is_new = !fs::exists(directory);
    const std::error_code error = make_passable(directory);
    if (is_new && !error) {
      const Descriptor mark(open((directory / kMadeHere).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    }
    fd_ = Descriptor(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd_) {
      if (errno == ENOENT && !error) continue;  // its last user has just removed it
      if (error) errno = error.value();
      throw io_error("use directory", directory);
    }
    while (flock(fd_.get(), LOCK_EX) != 0) {
      if (errno != EINTR) throw io_error("lock", directory);
    }
    // The holder before us may have removed the directory while we waited.
    struct stat held {};
    struct stat named {};
    if (fstat(fd_.get(), &held) == 0 && stat(directory.c_str(), &named) == 0 &&
        held.st_ino == named.st_ino && held.st_dev == named.st_dev) {
      return;
    }
  }
}

DirectoryLock::~DirectoryLock() {
  const fs::path mark = directory_ / kMadeHere;
  std::error_code error;
  const auto entries = std::distance(fs::directory_iterator(directory_, error), {});
  if (error || entries != 1 || !fs::exists(mark, error)) return;
  unlink(mark.c_str());
  rmdir(directory_.c_str());
}

}  // namespace scalectl::process
