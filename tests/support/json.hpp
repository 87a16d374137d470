// Reading the JSON that the binary prints, and judging it by the contract of the command line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/value.hpp"

namespace scalectl::test {

/// The one JSON document that `text` is. Throws where it is none.
core::Value json(const std::string& text);
/// One document per line.
std::vector<core::Value> json_lines(const std::string& text);

/// The member at `path` ("metrics.rows"; a number is a place in a list). Throws where it is
/// missing.
const core::Value& at(const core::Value& value, std::string_view path);
std::string text_at(const core::Value& value, std::string_view path);
std::int64_t integer_at(const core::Value& value, std::string_view path);

/// What in `value` breaks schema scalectl.result/1; empty where nothing does.
std::vector<std::string> violations(const core::Value& value);

}  // namespace scalectl::test
