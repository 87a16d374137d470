// The JSON schema of scenario files, for editors and for who checks files without scalectl.
#pragma once

#include <string>

namespace scalectl::load::scenario {

/// JSON Schema 2020-12, made from the grammar; ends in a line end. Published as
/// scenarios/scenario.schema.json.
std::string json_schema();

}  // namespace scalectl::load::scenario
