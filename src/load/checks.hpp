// Checks that the plans of several kinds of load have in common.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace scalectl::load {

/// A header that is not the user's to give.
struct ReservedHeader {
  std::string_view name;  ///< in small letters
  std::string hint;       ///< what to do instead
};

/// The name of "Name: value" in small letters.
std::string header_name(const std::string& header);

/// True for what RFC 9110 calls a token: the name of a method or header.
bool is_token(std::string_view text);

/// Throws Error (usage) unless `header` is "Name: value" on one line and not `reserved`.
void check_header(const std::string& header, const std::vector<ReservedHeader>& reserved);

/// Throws Error (usage) unless `value` is `least` to `most`; `example` is one that is.
void check_number(const char* option, std::int64_t value, std::int64_t least, std::int64_t most,
                  int example);

}  // namespace scalectl::load
