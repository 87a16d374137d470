// Programs that compete with a core to themselves: servers on one, generators on the other.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "arena.hpp"
#include "core/value.hpp"

namespace scalectl::bench {

inline constexpr int kServerCore = 0;
inline constexpr int kGeneratorCore = 1;

/// Seconds of CPU, in programs and in the kernel on their behalf.
struct Cpu {
  double user_s = 0;
  double kernel_s = 0;

  double all_s() const { return user_s + kernel_s; }
};

/// Runs a generator on its core; what it printed, and the CPU that it took. Throws where it fails.
std::pair<std::string, Cpu> run_pinned(std::vector<std::string> argv);

/// scalectl load `arguments` on the generator's core; its Result. `cpu`: as of run_pinned().
core::Value scalectl_load(const Arena& arena, const std::vector<std::string>& arguments,
                          Cpu* cpu = nullptr);

/// A member of a Result by its path: "metrics.latency_ms.echo.p99".
const core::Value& at(const core::Value& value, const std::string& path);

}  // namespace scalectl::bench
