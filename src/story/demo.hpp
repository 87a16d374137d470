// The demo: seed 000's story, measured on a private lab.
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>

#include "catalog/catalog.hpp"
#include "core/observer.hpp"
#include "core/result.hpp"
#include "lab/lab.hpp"

namespace scalectl::story {

struct DemoOptions {
  bool full = false;  ///< 1,000,000 players too
  std::filesystem::path lab_home;
  std::string version;  ///< of this program
};

/// The Result, and the versions of the servers it was measured on.
struct Demo {
  core::Result result;
  std::string postgres_version;
  std::string redis_version;
};

/// Seeds 1k, 10k and 100k players, runs the ticks row by row and as one statement, without and with
/// the indexes of pack game, and puts what was measured beside what seed 000 says. Starts its own
/// lab and removes it again, whatever happens. Throws Error (interrupted) on a stop request.
Demo run_demo(const catalog::Catalog& catalog, const DemoOptions& options,
              const std::stop_token& stop, core::Observer& observer);

}  // namespace scalectl::story
