#include "schema/layout_work.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/wait.hpp"

namespace scalectl::schema {
namespace {

using core::Error;
using core::ErrorKind;
using std::chrono::milliseconds;

constexpr int kTries = 10;

}  // namespace

void LayoutWork::heed_stop() const {
  if (session.stop().stop_requested()) throw Error(ErrorKind::kInterrupted, "interrupted");
}

void LayoutWork::pause(milliseconds duration) const { core::wait(session.stop(), duration); }

void LayoutWork::briefly(const std::string& what,
                         const std::function<void(pg::Transaction&)>& action) const {
  // In step with how long a try may hold up those who come after it.
  const auto longest = std::chrono::ceil<milliseconds>(options.lock_timeout);
  milliseconds wait = longest / 10;
  for (int attempt = 1;; ++attempt) {
    heed_stop();
    try {
      pg::Transaction tx = session.begin();
      tx.query(fmt::format("SET LOCAL lock_timeout = {}",
                           static_cast<std::int64_t>(options.lock_timeout.count() * 1000)));
      action(tx);
      tx.commit();
      return;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kBusy) throw error.within(what);
      if (attempt == kTries) {
        throw Error(
            ErrorKind::kBusy, fmt::format("{}: {} ({} tries)", what, error.message(), kTries),
            "another session holds the table; run it again later: it goes on where it stopped");
      }
      if (attempt == 1) {
        observer.info(
            fmt::format("{} waits for another session's lock on {}", what, before.quoted));
      }
    }
    pause(wait);
    wait = std::min(wait * 2 + milliseconds(1), longest);
  }
}

bool LayoutWork::set_fillfactor(int percent) const {
  if (before.fillfactor == percent) return false;
  briefly("fillfactor " + std::to_string(percent), [&](pg::Transaction& tx) {
    tx.query(percent == 100
                 ? fmt::format("ALTER TABLE {} RESET (fillfactor)", before.quoted)
                 : fmt::format("ALTER TABLE {} SET (fillfactor = {})", before.quoted, percent));
  });
  observer.info(fmt::format("Fillfactor of {} is {} now (was {})", before.quoted, percent,
                            before.fillfactor));
  return true;
}

}  // namespace scalectl::schema
