// Seeding the social network's tables: all or nothing, in one transaction.
#pragma once

#include <chrono>
#include <cstdint>

#include "core/observer.hpp"
#include "core/result.hpp"
#include "pg/identifier.hpp"
#include "pg/session.hpp"
#include "seed/bulk.hpp"

namespace scalectl::seed {

struct SocialOptions {
  std::int64_t users = 100'000;
  std::uint64_t seed = 42;
  int workers = 1;  ///< threads that make rows
  Existing existing = Existing::kRefuse;
  std::chrono::sys_time<std::chrono::microseconds> as_of;  ///< the "now" that rows are dated by
  pg::Naming naming;
};

/// Throws Error (usage) for options that cannot be met, whatever the database holds.
void check(const SocialOptions& options);

/// Fills the tables by COPY: for each user three posts, ten follows, five likes, two comments, five
/// messages, five notifications, and a job for every fifth. The same options give byte-identical
/// tables whatever `workers`. A stop request rolls back and is reported in the Result; an Error
/// leaves the tables as they were, too.
core::Result seed_social(pg::Session& session, const SocialOptions& options,
                         core::Observer& observer);

}  // namespace scalectl::seed
