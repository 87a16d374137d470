#include "core/json.hpp"

#include "report/formats.hpp"

namespace scalectl::report {

std::string json(const Results& results, const Style& /*style*/) {
  std::string out;
  for (const core::Result& result : results) out += core::to_json(to_value(result)) + "\n";
  return out;
}

}  // namespace scalectl::report
