// Reading the files of sql/layouts/<family>/: a layout is data, as far as it is SQL.
//
//   -- layout: hot
//   -- summary, fillfactor
//
//   -- @STEP                    -- @index NAME
//   -- summary: …               -- table, comment
//   statements                  CREATE INDEX CONCURRENTLY …
//
// Function bodies stand between $body$ marks. Placeholders are bound in them too, and the body is
// then sent as a quoted literal: no name can end it early.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "catalog/sql_text.hpp"
#include "schema/record.hpp"

namespace scalectl::schema {

/// One statement of a step.
class LayoutStatement {
 public:
  LayoutStatement(catalog::SqlText sql, std::vector<catalog::SqlText> bodies)
      : sql_(std::move(sql)), bodies_(std::move(bodies)) {}

  /// The text to send for the tables in `place`; `lists` are names that stand for other text than a
  /// table's name, `types` the SQL types of the values.
  catalog::BoundSql bind(const Place& place, const std::map<std::string, std::string>& lists = {},
                         const std::map<std::string, std::string>& types = {}) const;

 private:
  catalog::SqlText sql_;
  std::vector<catalog::SqlText> bodies_;  // of the whole file
};

/// An index that belongs to a layout.
struct LayoutIndex {
  std::string name;
  std::string table;
  std::string comment;
  LayoutStatement create;
};

struct LayoutFile {
  std::string name;
  std::string summary;
  std::optional<int> fillfactor;  ///< of the table; nothing where the layout does not care
  std::vector<LayoutIndex> indexes;
  std::map<std::string, std::vector<LayoutStatement>> steps;

  /// The statements of a step; throws Error (usage) where the file lacks it.
  const std::vector<LayoutStatement>& step(const std::string& name) const;
};

/// The newest version of a layout; throws Error (usage) that lists what there is.
LayoutFile load_layout(const catalog::Catalog& catalog, const std::string& family,
                       const std::string& layout);

}  // namespace scalectl::schema
