#include "load/checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "core/error.hpp"
#include "core/text.hpp"

namespace scalectl::load {
namespace {

using core::usage_error;

bool is_token_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

}  // namespace

std::string header_name(const std::string& header) {
  return lower(header.substr(0, header.find(':')));
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

void check_header(const std::string& header, const std::vector<ReservedHeader>& reserved) {
  const std::size_t colon = header.find(':');
  const std::string hint = "for example -H 'Accept: application/json'";
  if (colon == std::string::npos || colon == 0) {
    throw usage_error(fmt::format("-H \"{}\" is not \"Name: value\"", header), hint);
  }
  if (!std::all_of(header.begin(), header.begin() + static_cast<std::ptrdiff_t>(colon),
                   is_token_character)) {
    throw usage_error(fmt::format("-H \"{}\": \"{}\" is not the name of a header", header,
                                  header.substr(0, colon)),
                      hint);
  }
  for (const char c : header) {
    if ((static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f) {
      throw usage_error("-H has a control character in \"" + header.substr(0, colon) + "\"",
                        "a header is one line");
    }
  }
  const std::string name = header_name(header);
  for (const ReservedHeader& one : reserved) {
    if (name != one.name) continue;
    throw usage_error(
        fmt::format("-H \"{}\": {} is set by scalectl", header, header.substr(0, colon)), one.hint);
  }
}

void check_number(const char* option, std::int64_t value, std::int64_t least, std::int64_t most,
                  int example) {
  if (value >= least && value <= most) return;
  throw usage_error(fmt::format("{} {} is not {} to {}", option, value, least, core::grouped(most)),
                    fmt::format("for example {} {}", option, example));
}

}  // namespace scalectl::load
