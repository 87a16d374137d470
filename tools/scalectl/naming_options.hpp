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
  std::optional<std::string> prefix;
  std::vector<std::string> tables;

  void declare(cli::Command& command) {
    command.option("--schema", schema, "Schema of the tables (default: the search_path)", "NAME")
        .option("--prefix", prefix, "What the tables' names begin with (default: as the file says)",
                "TEXT")
        .list("--table", tables, "The actual name of a table that the SQL knows by another",
              "KNOWN=ACTUAL");
  }
  /// `file_prefix` is what the SQL file says that the names begin with.
  pg::Naming naming(const std::string& file_prefix) const {
    return {schema, tables, prefix.value_or(file_prefix)};
  }
};

}  // namespace scalectl::tool
