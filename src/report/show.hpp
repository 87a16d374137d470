// How single values are shown: to people with units, to machines without.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/result.hpp"
#include "core/table.hpp"
#include "core/value.hpp"

namespace scalectl::report {

/// For people: "1,234", "412 ms", "11.0 MiB", "12.3x"; null is "-".
std::string show(const core::Value& value, core::Unit unit);

/// A threshold for people, as it was given: "5 s", "0.5 s"; below 100 µs and from 11 days on, where
/// that would need an exponent, "0.001ms", "12d".
std::string show_threshold(double seconds);

/// For machines: the plain number or text; null is empty.
std::string plain(const core::Value& value);

/// The unit that the suffix of a metric's name states (_s, _bytes, _ratio, …).
core::Unit unit_of(const std::string& key);

/// The scalars of `object`, those of nested objects as "outer<separator>inner". Lists are left out.
std::vector<std::pair<std::string, core::Value>> flatten(const core::Object& object,
                                                         const std::string& separator);

/// True where tables show the metrics to people, who then need no list of them.
bool tables_show_metrics(const core::Result& result);

/// A metric's key for people: "wal_bytes" → "wal", "hot_ratio" → "hot ratio".
std::string label_of(const std::string& key);

}  // namespace scalectl::report
