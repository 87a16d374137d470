// Result: everything that is measured or found, as one value that travels from an engine to a
// report. Its JSON (schema scalectl.result/1) is the contract of the command line.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "core/figure.hpp"
#include "core/table.hpp"
#include "core/value.hpp"

namespace scalectl::core {

enum class Verdict { kPass, kWarn, kFail, kInconclusive };

std::string_view to_text(Verdict verdict);

/// Where a Result was measured. Absent versions mean that the server was not used.
struct Environment {
  std::string scalectl;
  std::optional<std::string> postgres;
  std::optional<std::string> redis;
  int cores = 0;
  std::string host;  ///< operating system and machine, e.g. "linux x86_64"
};

/// One thing that the verdict rests on, such as a threshold.
struct Check {
  std::string name;      ///< e.g. "response.p99<50ms"
  std::string observed;  ///< e.g. "3.2ms", or "no data"
  bool passed = false;
};

struct Result {
  std::string command;  ///< command and verb, e.g. "tick run"
  std::string name;     ///< what it was about, e.g. "stamina"; may be empty
  std::chrono::system_clock::time_point started_at;
  double elapsed_s = 0;
  Verdict verdict = Verdict::kPass;
  bool interrupted = false;  ///< a signal ended it early: the notes say what was done and what not
  std::optional<std::string> band;
  std::optional<double> threshold_s;
  Object params;
  Object metrics;
  Environment environment;
  std::vector<std::string> notes;
  std::vector<Table> tables;
  std::vector<Figure> figures;
  std::vector<Check> checks;
  Object data;  ///< what programs go on with (histograms, series): JSON only
};

/// The Result in the shape of schema scalectl.result/1. Tables, where there are any, stand under
/// "tables" as lists of objects, those that show metrics excepted; figures under "figures", checks
/// under "checks", data under "data".
Value to_value(const Result& result);

/// `time` in UTC with milliseconds: 2026-01-02T03:04:05.678Z.
std::string format_time(std::chrono::system_clock::time_point time);

/// Exit code of a finished run: 0 for pass and warn, 1 for fail, 6 for inconclusive; of several
/// results the one that says most: fail before inconclusive before pass.
int exit_code(const std::vector<Result>& results);

}  // namespace scalectl::core
