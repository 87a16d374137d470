#include "seed/social.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"
#include "seed/social_world.hpp"

namespace scalectl::seed {
namespace {

constexpr std::int64_t kLeastUsers = 2;  // nobody follows or writes to himself
constexpr std::int64_t kMostUsers = 1'000'000'000;
constexpr const char* kHint = "seed social fills the tables of scalectl db init social";

void load(pg::Transaction& tx, std::vector<BulkTable> tables, const SocialOptions& options,
          const BulkContext& context, core::Result& result) {
  SocialPlan plan{.seed = options.seed,
                  .users = static_cast<std::uint64_t>(options.users),
                  .as_of = options.as_of};
  BulkLoad bulk(tx, std::move(tables), context);
  const std::vector<SocialTable>& specs = social_tables();
  for (std::size_t i = 0; i < specs.size() && options.existing == Existing::kAppend; ++i) {
    if (specs[i].first_id == nullptr) continue;
    plan.*specs[i].first_id =
        tx.query(fmt::format("SELECT coalesce(max({}), 0) + 1 AS next FROM {}", specs[i].key,
                             bulk.tables()[i].quoted))
            .integer(0, "next");
  }
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const SocialTable& spec = specs[i];
    bulk.copy(bulk.tables()[i], {.count = spec.rows(plan)}, "rows",
              [&](std::uint64_t row, pg::CopyBuffer& out) { spec.make_row(plan, row, out); });
  }
  bulk.finish();
  result.metrics.set("rows", bulk.rows());
  result.tables.push_back(bulk.summary());
}

}  // namespace

void check(const SocialOptions& options) {
  std::vector<std::string> names;
  for (const SocialTable& table : social_tables()) names.emplace_back(table.name);
  options.naming.check(names);
  if (options.users < kLeastUsers || options.users > kMostUsers) {
    throw core::usage_error(fmt::format("--users {} is not {} to {}", options.users, kLeastUsers,
                                        core::grouped(kMostUsers)),
                            "for example --users 100k");
  }
}

core::Result seed_social(pg::Session& session, const SocialOptions& options,
                         core::Observer& observer) {
  check(options);
  core::Result result{.command = "seed", .name = "social"};
  result.params.set("users", options.users)
      .set("seed", options.seed)
      .set("workers", options.workers)
      .set("as_of", core::format_time(options.as_of));
  const BulkContext context{.existing = options.existing,
                            .workers = options.workers,
                            .observer = observer,
                            .stop = session.stop()};
  std::vector<BulkTable> tables;
  for (const SocialTable& table : social_tables()) {
    tables.push_back(
        find_table(session, options.naming, table.name, table.key, table.columns, kHint));
  }
  return all_or_nothing(session, std::move(result), [&](pg::Transaction& tx, core::Result& out) {
    load(tx, tables, options, context, out);
  });
}

}  // namespace scalectl::seed
