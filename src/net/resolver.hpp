// Resolver: name lookups that do not hold the loop up.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "net/address.hpp"
#include "net/loop.hpp"

namespace scalectl::net {

class Resolver {
 public:
  using Done = std::function<void(std::variant<std::vector<Address>, Failure>)>;

  explicit Resolver(Loop& loop);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// Looks `host` up in a thread of its own and calls `done` from the loop.
  void resolve(const std::string& host, std::uint16_t port, IpVersion version, Done done);

 private:
  struct Native;
  std::unique_ptr<Native> native_;
};

}  // namespace scalectl::net
