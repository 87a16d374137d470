#include "story/sweep_lessons.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/statistics.hpp"
#include "core/text.hpp"

namespace scalectl::story {
namespace {

const SweepFit* find(const std::vector<SweepFit>& fits, const std::string& key) {
  const auto found =
      std::find_if(fits.begin(), fits.end(), [&](const SweepFit& fit) { return fit.key == key; });
  return found == fits.end() || !found->fit ? nullptr : &*found;
}

/// Two variants at the largest size that both were measured at.
struct Pair {
  std::int64_t players = 0;
  const SweepSample* first = nullptr;
  const SweepSample* second = nullptr;

  double gain() const { return core::median(first->elapsed_s) / core::median(second->elapsed_s); }
};

std::optional<Pair> compare(const SweepLines& lines, const SweepVariant& first,
                            const SweepVariant& second) {
  const auto one = lines.find(first);
  const auto other = lines.find(second);
  if (one == lines.end() || other == lines.end()) return std::nullopt;
  for (auto sample = one->second.samples.rbegin(); sample != one->second.samples.rend(); ++sample) {
    const auto match = other->second.samples.find(sample->first);
    if (match == other->second.samples.end()) continue;
    return Pair{.players = sample->first, .first = &sample->second, .second = &match->second};
  }
  return std::nullopt;
}

double heap_only(const SweepSample& sample) {
  return sample.hot_ratio.empty() ? 0 : core::median(sample.hot_ratio) * 100;
}

/// Is one statement O(1), as the seed says?
void add_set(const std::vector<SweepFit>& fits, std::vector<std::string>& lines) {
  const SweepFit* set = find(fits, "set_seed");
  if (set == nullptr) set = find(fits, "set_hot");
  if (set == nullptr) return;
  if (!set->fit->is_known()) {
    lines.push_back(
        fmt::format("How {} grows cannot be told from these runs: {}. More repeats, on a "
                    "machine that does nothing else, would show it.",
                    set->name, growth_of(*set->fit)));
    return;
  }
  if (set->fit->flat) {
    lines.push_back(
        fmt::format("{} does not grow with these sizes: what it costs to run at all hides "
                    "the rest. Larger sizes would show it.",
                    set->name));
    return;
  }
  lines.push_back(
      fmt::format("One statement is O(1) in statements, not in time: {} grows as {}. It "
                  "still writes every row that changes.",
                  set->name, growth_of(*set->fit)));
}

void add_claims(const std::vector<SweepFit>& fits, std::vector<std::string>& lines) {
  const SweepFit* after = find(fits, "seed_after");
  if (after == nullptr) return;
  lines.push_back(
      fmt::format("Seed 000 calls it O(1), but its own \"After\" column grows as n^{:.2f}: from "
                  "{:g} s to {:g} s for {:.0f} times the players.",
                  after->fit->law.k, after->samples.front().seconds.front(),
                  after->samples.back().seconds.front(),
                  after->samples.back().size / after->samples.front().size));
}

void add_rows(const SweepLines& measured, std::vector<std::string>& lines) {
  const auto pair = compare(measured, {"rows", "seed"}, {"set", "seed"});
  if (!pair) return;
  lines.push_back(
      fmt::format("Row by row takes {:.1f} times as long as one statement at {} players, "
                  "over a socket on the same machine; a network adds a round trip a row.",
                  pair->gain(), core::grouped(pair->players)));
}

void add_hot(const SweepLines& measured, std::vector<std::string>& lines) {
  const auto pair = compare(measured, {"set", "seed"}, {"set", "hot"});
  if (!pair) return;
  lines.push_back(fmt::format(
      "The hot layout makes set {:.1f} times as fast at {} players: {:.0f} % of its updates are "
      "heap-only ({:.0f} % on the seed's), and it writes {:.2f} times the WAL.",
      pair->gain(), core::grouped(pair->players), heap_only(*pair->second), heap_only(*pair->first),
      core::median(pair->second->wal_bytes) / core::median(pair->first->wal_bytes)));
}

void add_batched(const SweepLines& measured, std::vector<std::string>& lines) {
  for (const char* layout : {"hot", "seed"}) {
    const auto pair = compare(measured, {"batched", layout}, {"set", layout});
    if (!pair) continue;
    lines.push_back(
        fmt::format("In batches it takes {:.2f} times as long as set on the {} layout at {} "
                    "players; each batch commits, so that no lock is held for long.",
                    pair->gain(), layout, core::grouped(pair->players)));
    return;
  }
}

void add_epoch(const SweepLines& measured, const std::vector<SweepFit>& fits,
               std::vector<std::string>& lines) {
  const SweepFit* epoch = find(fits, "epoch_epoch");
  if (epoch == nullptr) return;
  const auto& samples = measured.at({"epoch", "epoch"}).samples;
  const SweepSample& last = samples.rbegin()->second;
  const std::string verdict =
      !epoch->fit->is_known()
          ? "More repeats on a machine that does nothing else would tell how it grows."
      : epoch->fit->flat ? "This is the O(1) tick."
                         : "Its work is O(1); what grows is around it.";
  lines.push_back(
      fmt::format("epoch: {}; {:.2f} times its time at {} players for {:.0f} times as many, {:.0f} "
                  "row written. {}",
                  growth_of(*epoch->fit),
                  core::median(last.elapsed_s) / core::median(samples.begin()->second.elapsed_s),
                  core::grouped(samples.begin()->first), epoch->fit->largest / epoch->fit->smallest,
                  core::median(last.rows), verdict));
}

/// What the fits cannot rest on.
void add_limits(const std::vector<SweepFit>& fits, std::vector<std::string>& lines) {
  std::size_t sizes = 0;
  double decades = 0;
  std::size_t repeats = 0;
  for (const SweepFit& fit : fits) {
    if (!fit.variant || fit.samples.empty()) continue;
    sizes = std::max(sizes, fit.samples.size());
    repeats = std::max(repeats, fit.samples.front().seconds.size());
    if (fit.fit) decades = std::max(decades, fit.fit->decades());
  }
  if (sizes == 0) return;
  if (sizes < core::kMinSizes) {
    lines.push_back(fmt::format("{} size{} cannot tell a from b n^k: a law takes {} of them.",
                                sizes, sizes == 1 ? "" : "s", core::kMinSizes));
  } else if (decades < 2 - 1e-9) {
    lines.push_back(
        fmt::format("The sizes span {:.1f} decades; a law should rest on two or more.", decades));
  }
  if (repeats < core::kMinRepeats) {
    lines.push_back(
        fmt::format("{} run{} of each size: too few to show a spread; intervals take {}.", repeats,
                    repeats == 1 ? "" : "s", core::kMinRepeats));
  }
}

}  // namespace

std::vector<std::string> sweep_lessons(const SweepPlan& plan, const SweepLines& measured,
                                       const std::vector<SweepFit>& fits) {
  std::vector<std::string> lines;
  add_set(fits, lines);
  add_claims(fits, lines);
  add_rows(measured, lines);
  add_hot(measured, lines);
  add_batched(measured, lines);
  add_epoch(measured, fits, lines);
  add_limits(fits, lines);
  for (const SweepVariant& variant : plan.variants) {
    const auto line = measured.find(variant);
    if (line != measured.end() && !line->second.stopped.empty()) {
      lines.push_back(variant.name() + " " + line->second.stopped);
    }
  }
  if (!plan.left_out.empty()) lines.push_back("Left out: " + core::join(plan.left_out, "; "));
  return lines;
}

}  // namespace scalectl::story
