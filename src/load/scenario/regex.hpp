// Regex: a regular expression as RE2 writes them: every look takes linear time, whatever the
// expression and the text. RE2 stays behind this header.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

namespace re2 {
class RE2;
}

namespace scalectl::load::scenario {

class Regex {
 public:
  /// Throws Error (usage) with what is wrong where it does not compile.
  explicit Regex(std::string_view expression);
  ~Regex();
  Regex(const Regex&) = delete;
  Regex& operator=(const Regex&) = delete;

  /// Whether it matches anywhere in `text`. Any thread may ask.
  bool is_found_in(std::string_view text) const;
  /// Of the first match in `text` its first group, or all of it where there is no group; nothing
  /// where nothing matches, or the group has no part in it.
  std::optional<std::string_view> extract(std::string_view text) const;

 private:
  std::unique_ptr<re2::RE2> compiled_;
};

}  // namespace scalectl::load::scenario
