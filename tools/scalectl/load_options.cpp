#include "load_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/result.hpp"

namespace scalectl::tool {

void LoadOptions::declare_reach(cli::Command& verb) {
  verb.flag("-k,--insecure", insecure, "Trust any certificate")
      .option("--cacert", ca_file, "Authorities to trust, in place of the system's", "FILE")
      .option("--cert", cert_file, "Our certificate, with its chain", "FILE")
      .option("--key", key_file, "Its key, if not in the same file", "FILE")
      .option("--sni", sni, "The server's name, if it is not the URL's host", "NAME")
      .option("--unix", unix_path, "Connect to a Unix socket", "PATH")
      .option("--ip", ip, "IP version")
      .option("--source", source, "Local addresses to connect from: 127.0.0.2, 127.0.0.2-10",
              "ADDRESSES")
      .option("--start-at", start_at, "Begin at this time (UTC), with all other generators",
              "TIME");
}

void LoadOptions::declare_thresholds(cli::Command& verb, const std::string& examples) {
  verb.list("--threshold", thresholds,
            "What must hold, else exit 1: " + examples + " (several times)", "EXPRESSION",
            is_threshold)
      .flag("--abort-on-fail", abort_on_fail, "Stop as soon as a threshold is missed")
      .option("--delay", delay, "Before --abort-on-fail looks for the first time");
}

net::IpVersion LoadOptions::ip_version() const {
  if (ip.value == "4") return net::IpVersion::kV4;
  return ip.value == "6" ? net::IpVersion::kV6 : net::IpVersion::kAny;
}

net::TlsOptions LoadOptions::tls() const {
  return {.insecure = insecure,
          .ca_file = ca_file,
          .cert_file = cert_file,
          .key_file = key_file,
          .sni = sni};
}

std::vector<net::Address> LoadOptions::sources() const {
  return source ? net::parse_sources(*source) : std::vector<net::Address>{};
}

std::optional<std::chrono::system_clock::time_point> LoadOptions::start_time() const {
  if (!start_at) return std::nullopt;
  const auto now = std::chrono::system_clock::now();
  const auto time = read_option("--start-at", *start_at, [&](const std::string& text) {
    return core::parse_time(text, now);
  });
  if (time < now) {
    throw core::usage_error(fmt::format("--start-at {} is past", *start_at),
                            "now is " + core::format_time(now));
  }
  return time;
}

core::Nanos nanos(core::Seconds seconds) {
  // 146 years are as good as for ever.
  return seconds.count() >= 4.6e9 ? std::numeric_limits<core::Nanos>::max() / 2
                                  : static_cast<core::Nanos>(seconds.count() * 1e9 + 0.5);
}

int to_int(std::int64_t number) {
  return static_cast<int>(std::min<std::int64_t>(number, std::numeric_limits<int>::max()));
}

bool is_threshold(const std::string& word) {
  return !word.starts_with('-') && word.find("://") == std::string::npos &&
         (word.find_first_of("<>") != std::string::npos || word.find("==") != std::string::npos);
}

std::vector<load::Threshold> thresholds_of(const std::vector<std::string>& texts) {
  std::vector<load::Threshold> thresholds;
  for (const std::string& text : texts) thresholds.push_back(load::parse_threshold(text));
  return thresholds;
}

void contradiction(const std::string& one, const std::string& other, const std::string& why) {
  throw core::usage_error(one + " and " + other + " contradict each other", why);
}

}  // namespace scalectl::tool
