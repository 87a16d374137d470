// What the verbs of load have in common.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "context.hpp"
#include "core/error.hpp"
#include "core/monotonic.hpp"
#include "load/schedule.hpp"
#include "load/threshold.hpp"
#include "net/address.hpp"
#include "net/tls.hpp"

namespace scalectl::tool {

/// How to get to the server, and what must hold.
struct LoadOptions {
  std::optional<std::string> start_at;
  cli::Choice ip{.value = "any", .allowed = {"any", "4", "6"}};
  std::optional<std::string> unix_path;
  std::optional<std::string> source;
  bool insecure = false;
  std::optional<std::string> ca_file;
  std::optional<std::string> cert_file;
  std::optional<std::string> key_file;
  std::optional<std::string> sni;
  std::vector<std::string> thresholds;
  bool abort_on_fail = false;
  core::Seconds delay{0};

  void declare_reach(cli::Command& verb);
  void declare_thresholds(cli::Command& verb, const std::string& examples);

  net::IpVersion ip_version() const;
  net::TlsOptions tls() const;
  bool names_tls() const { return insecure || ca_file || cert_file || key_file || sni; }
  std::vector<net::Address> sources() const;
  std::optional<std::chrono::system_clock::time_point> start_time() const;
};

/// What `parse` makes of an option's text; its error names the option.
template <typename Parse>
auto read_option(const char* option, const std::string& text, const Parse& parse) {
  try {
    return parse(text);
  } catch (const core::Error& error) {
    throw error.within(option);
  }
}

core::Nanos nanos(core::Seconds seconds);
/// A whole number within the range of int; what is sensible is checked by the plan.
int to_int(std::int64_t number);
/// True for what looks like a threshold, right or wrong, and not like an operand.
bool is_threshold(const std::string& word);
std::vector<load::Threshold> thresholds_of(const std::vector<std::string>& texts);
[[noreturn]] void contradiction(const std::string& one, const std::string& other,
                                const std::string& why);

void declare_load_http(cli::Command& load, Context& context);
void declare_load_ws(cli::Command& load, Context& context);
void declare_load_run(cli::Command& load, Context& context);
void declare_load_scenario(cli::Command& load, Context& context);

}  // namespace scalectl::tool
