#include "net/address.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <charconv>
#include <cstddef>
#include <cstring>
#include <memory>

#include "core/error.hpp"
#include "core/text.hpp"

namespace scalectl::net {
namespace {

constexpr int kMostSources = 4096;

Address ip_address(const std::string& text) {
  Address address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    address.length = sizeof(sockaddr_in);
  } else if (inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    address.length = sizeof(sockaddr_in6);
  } else {
    throw core::usage_error(fmt::format("--source \"{}\" is not an IP address", text),
                            "for example 127.0.0.2, or 127.0.0.2-10 for nine of them");
  }
  return address;
}

int last_number(std::string_view text, std::string_view whole) {
  int number = 0;
  const auto [last, failed] = std::from_chars(text.begin(), text.end(), number);
  if (failed != std::errc() || last != text.end() || number > 255) {
    throw core::usage_error(fmt::format("--source \"{}\": \"{}\" is not a number from 0 to 255", whole, text),
                            "for example 127.0.0.2-10");
  }
  return number;
}

}  // namespace

std::string Address::text() const {
  if (family() == AF_UNIX) return reinterpret_cast<const sockaddr_un*>(&storage)->sun_path;
  char host[INET6_ADDRSTRLEN] = "";
  if (family() == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&storage);
    inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
    return fmt::format("[{}]:{}", host, ntohs(v6->sin6_port));
  }
  const auto* v4 = reinterpret_cast<const sockaddr_in*>(&storage);
  inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
  return fmt::format("{}:{}", host, ntohs(v4->sin_port));
}

std::variant<std::vector<Address>, Failure> resolve(const std::string& host, std::uint16_t port,
                                                    IpVersion version) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_family = version == IpVersion::kV4   ? AF_INET
                    : version == IpVersion::kV6 ? AF_INET6
                                                : AF_UNSPEC;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (error != 0) {
    return Failure{FailureClass::kDns, fmt::format("\"{}\": {}", host, gai_strerror(error))};
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list, &freeaddrinfo);
  std::vector<Address> addresses;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    Address& address = addresses.emplace_back();
    std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
    address.length = entry->ai_addrlen;
  }
  return addresses;
}

Address unix_address(const std::string& path) {
  Address address;
  auto* un = reinterpret_cast<sockaddr_un*>(&address.storage);
  if (path.empty() || path.size() >= sizeof un->sun_path) {
    throw core::usage_error(fmt::format("\"{}\" is no path for a Unix socket", path),
                            fmt::format("it has 1 to {} bytes", sizeof un->sun_path - 1));
  }
  un->sun_family = AF_UNIX;
  std::memcpy(un->sun_path, path.c_str(), path.size() + 1);
  address.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return address;
}

std::vector<Address> parse_sources(std::string_view text) {
  std::vector<Address> sources;
  for (const std::string& part : core::split(text, ',')) {
    const std::size_t dash = part.find('-');
    if (dash == std::string::npos) {
      sources.push_back(ip_address(part));
      continue;
    }
    const std::string first = part.substr(0, dash);
    const std::size_t dot = first.rfind('.');
    ip_address(first);
    if (dot == std::string::npos) {
      throw core::usage_error(fmt::format("--source \"{}\": only IPv4 addresses have ranges", part),
                              "list IPv6 addresses with commas");
    }
    const int from = last_number(std::string_view(first).substr(dot + 1), part);
    const int to = last_number(std::string_view(part).substr(dash + 1), part);
    if (to < from) {
      throw core::usage_error(fmt::format("--source \"{}\" ends before it begins", part),
                              "for example 127.0.0.2-10");
    }
    for (int n = from; n <= to; ++n) {
      sources.push_back(ip_address(first.substr(0, dot + 1) + std::to_string(n)));
    }
  }
  if (sources.size() > kMostSources) {
    throw core::usage_error(fmt::format("--source gives {} addresses", sources.size()),
                            fmt::format("at most {}", kMostSources));
  }
  return sources;
}

}  // namespace scalectl::net
