// Small helpers on text that more than one library needs.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace scalectl::core {

std::string_view trim(std::string_view text);
std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& words, std::string_view separator);

/// `text` with each {name} replaced by its value; a name without a value stays as it is.
std::string fill(std::string_view text, const std::map<std::string, std::string>& values);

/// The number with a comma between groups of three digits: 1,234,567.
std::string grouped(std::int64_t number);
std::string grouped(std::uint64_t number);

/// The candidate nearest to `word` (Damerau-Levenshtein distance), or "" where none is near enough
/// to be what was meant (more than a third of the word would have to change).
std::string closest(std::string_view word, const std::vector<std::string>& candidates);

/// "did you mean \"players\"?" for the closest candidate; `otherwise` where none is close.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates,
                         std::string otherwise = "");

}  // namespace scalectl::core
