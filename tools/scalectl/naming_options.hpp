// The options that say where the tables are.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "pg/identifier.hpp"

namespace scalectl::tool {

struct NamingOptions {
  std::optional<std::string> schema;
  std::vector<std::string> tables;

  void declare(cli::Command& command) {
    command.option("--schema", schema, "Schema of the tables (default: the search_path)", "NAME")
        .list("--table", tables, "The actual name of a table that the SQL knows by another",
              "KNOWN=ACTUAL");
  }
  pg::Naming naming() const { return {schema, tables}; }
};

}  // namespace scalectl::tool
