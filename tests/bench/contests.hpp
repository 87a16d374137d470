// The contests, one file each.
#pragma once

#include <vector>

#include "arena.hpp"
#include "core/result.hpp"

namespace scalectl::bench {

/// Seeding 1M players against psql's \copy of the same rows into the same table.
core::Result seed(const Arena& arena);
/// The stamina tick against psql running the same UPDATE.
core::Result tick(const Arena& arena);
/// Ending idle combats in batches beside the game against the trigger inside of its writes.
core::Result combat(const Arena& arena);
/// Seeding 50,000 tasks with steps and histories against psql's \copy of the same rows.
core::Result workflow(const Arena& arena);
/// index apply against the same statements in psql, and what the pack social then serves.
core::Result index(const Arena& arena);
/// load http against wrk on the same nginx, a core for each side.
core::Result load(const Arena& arena);
/// load ws and serve, a core for each, against limits of their own.
core::Result ws(const Arena& arena);

}  // namespace scalectl::bench
