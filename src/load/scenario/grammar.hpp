// The grammar of scenario files: every object of the language as a table of its fields. What reads
// a file checks it against these tables and what writes the JSON schema is made from them, so that
// the two cannot differ.
#pragma once

#include <string_view>
#include <vector>

namespace scalectl::load::scenario {

/// One of the forms that a value may have.
struct Form {
  enum class Kind {
    kText,      ///< may hold ${…}
    kFlag,      ///< true or false
    kTrue,      ///< true alone
    kWhole,     ///< a whole number, 0 or more; as text of the environment too
    kDuration,  ///< "1m30s", or a number of seconds
    kCount,     ///< 5000, "10k"
    kRate,      ///< "50/s", or a number per second
    kStatus,    ///< 200, "2xx"
    kWord,      ///< one of `words`
    kAny,       ///< any JSON
    kObject,    ///< as the table `object` says
    kList,      ///< of values that have one of the forms `items`
    kMap        ///< an object with names of the writer's own, and values as `items`
  };

  Kind kind;
  std::string_view object;
  std::vector<std::string_view> words;
  std::vector<Form> items;
};

using Forms = std::vector<Form>;

struct Field {
  std::string_view name;
  Forms forms;
  std::string_view doc;  ///< one line
  bool required = false;
};

struct ObjectType {
  std::string_view name;
  std::string_view doc;
  std::vector<Field> fields;
  std::vector<std::string_view> one_of;  ///< exactly one of these fields is there
};

/// All of them; the first is the whole file.
const std::vector<ObjectType>& object_types();
/// The one called `name`, which is there.
const ObjectType& object_type(std::string_view name);

}  // namespace scalectl::load::scenario
