// Preflight: what has to be known before a run, and what may get in its way.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/monotonic.hpp"
#include "net/address.hpp"
#include "net/tls.hpp"
#include "net/url.hpp"

namespace scalectl::load {

/// How a plan gets to its server.
struct Reach {
  const net::Url& url;
  const std::optional<std::string>& unix_path;
  net::IpVersion ip_version = net::IpVersion::kAny;
  const std::vector<net::Address>& sources;
  int connections = 1;
  core::Nanos connect_timeout = 0;
  bool insecure = false;  ///< any certificate is taken
};

/// Warnings about descriptors, ports and memory that it may run out of; raises the limit of
/// open descriptors first.
std::vector<std::string> resource_warnings(const Reach& reach);

/// The server's address: the first of those its name stands for that takes a connection. Throws
/// Error (connection) with the class of the failure, or Error (interrupted).
net::Address find_server(const Reach& reach, const net::TlsContext* tls,
                         const std::stop_token& stop);

}  // namespace scalectl::load
