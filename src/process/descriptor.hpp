// Descriptor: owner of one file descriptor.
#pragma once

#include <unistd.h>

#include <utility>

namespace scalectl::process {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void reset() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  int fd_ = -1;
};

/// Makes sure that descriptors 0, 1 and 2 are taken, so that no file or socket gets their number and
/// what is printed. Writing to one that was closed fails, as it should.
void hold_standard_streams();

/// A pipe (read end, write end), closed on exec. Throws Error (failed).
std::pair<Descriptor, Descriptor> make_pipe();

}  // namespace scalectl::process
