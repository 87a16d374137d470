#include <fmt/format.h>

#include <algorithm>

#include "cli/command.hpp"
#include "core/error.hpp"
#include "core/text.hpp"

namespace scalectl::cli::detail {

void read(const std::string& text, std::string& target) {
  if (text.empty()) throw core::usage_error("the value is empty", "leave the option out instead");
  target = text;
}
void read(const std::string& text, std::int64_t& target) { target = core::parse_count(text); }
void read(const std::string& text, double& target) { target = core::parse_ratio(text); }
void read(const std::string& text, core::Seconds& target) { target = core::parse_duration(text); }
void read(const std::string& text, Choice& target) {
  if (std::find(target.allowed.begin(), target.allowed.end(), text) == target.allowed.end()) {
    throw core::usage_error(
        fmt::format("\"{}\" is not one of {}", text, core::join(target.allowed, ", ")),
        core::did_you_mean(text, target.allowed, "give one of these"));
  }
  target.value = text;
}

std::string show(const std::string& value) { return value; }
std::string show(std::int64_t value) { return std::to_string(value); }
std::string show(double value) { return fmt::format("{:g}", value); }
std::string show(core::Seconds value) { return core::format_duration(value); }
std::string show(const Choice& value) { return value.value; }

std::string placeholder(const std::string* /*type*/) { return "TEXT"; }
std::string placeholder(const std::int64_t* /*type*/) { return "COUNT"; }
std::string placeholder(const double* /*type*/) { return "SHARE"; }
std::string placeholder(const core::Seconds* /*type*/) { return "DURATION"; }
std::string placeholder(const Choice* type) {
  return type == nullptr ? "WORD" : core::join(type->allowed, "|");
}

}  // namespace scalectl::cli::detail
