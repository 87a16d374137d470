// Probe: one connection made and closed again, to find out before a run which address answers and
// whether its certificate is to be trusted.
#pragma once

#include <optional>
#include <stop_token>
#include <vector>

#include "core/monotonic.hpp"
#include "net/address.hpp"
#include "net/failure.hpp"
#include "net/tls.hpp"

namespace scalectl::net {

struct ProbeResult {
  std::optional<Address> address;  ///< the first that connected
  Failure failure;                 ///< of the last that did not
};

/// Tries `addresses` in turn, each for `timeout` at most. Blocks; a stop request ends it with a
/// failure.
ProbeResult probe(const std::vector<Address>& addresses, const Address* source,
                  const TlsContext* tls, core::Nanos timeout, const std::stop_token& stop);

}  // namespace scalectl::net
