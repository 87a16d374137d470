// ReferenceServer: `scalectl serve` with one thread, on the servers' core.
#pragma once

#include <string>

#include "arena.hpp"
#include "pinned.hpp"
#include "process/child.hpp"

namespace scalectl::bench {

class ReferenceServer {
 public:
  explicit ReferenceServer(const Arena& arena);
  ~ReferenceServer();
  ReferenceServer(const ReferenceServer&) = delete;
  ReferenceServer& operator=(const ReferenceServer&) = delete;

  /// ws://127.0.0.1:…`path`
  std::string url(const std::string& path) const;
  /// What it has taken so far.
  Cpu cpu() const;

 private:
  std::string log_;
  process::Child child_;
  std::string port_;
};

}  // namespace scalectl::bench
