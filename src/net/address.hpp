// Address: where a socket goes to or comes from: IPv4, IPv6 or a Unix socket.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "net/failure.hpp"

namespace scalectl::net {

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;

  int family() const { return storage.ss_family; }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  /// "127.0.0.1:8000", "[::1]:8000" or the path of the Unix socket.
  std::string text() const;
};

/// Which addresses of a name are wanted.
enum class IpVersion { kAny, kV4, kV6 };

/// The addresses of `host`, in the order the resolver gives them. Blocks while it asks. A failure is
/// of class dns.
std::variant<std::vector<Address>, Failure> resolve(const std::string& host, std::uint16_t port,
                                                    IpVersion version);

/// The Unix socket at `path`. Throws Error (usage) for a path that is too long for one.
Address unix_address(const std::string& path);

/// Local addresses to connect from: "10.0.0.2", "127.0.0.2-10" (the last number runs), several with
/// commas. Throws Error (usage) that names the part that is wrong.
std::vector<Address> parse_sources(std::string_view text);

}  // namespace scalectl::net
