// SetColumns: which columns a statement sets, by its text. The server does not tell: EXPLAIN shows
// a target list without its labels. The rule: after each UPDATE that is not FOR UPDATE, its table,
// and between SET and the WHERE, FROM or RETURNING of the same depth the names on the left of "=";
// also in a WITH query, ON CONFLICT DO UPDATE and MERGE. What functions and triggers set is not
// seen.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace scalectl::tick {

struct SetColumn {
  std::string table;   ///< as it is written: players, "public"."players"
  std::string column;  ///< as the server knows it: without quotes, in lower case where it had none

  bool operator==(const SetColumn&) const = default;
};

/// Each column once, in the order of the text. `sql` must be free of placeholders.
std::vector<SetColumn> set_columns(std::string_view sql);

}  // namespace scalectl::tick
