// What this machine allows a program that opens many connections.
#pragma once

#include <cstdint>

namespace scalectl::net {

/// Raises the limit of open descriptors to what the administrator allows (the hard limit), and says
/// how many that are.
std::int64_t raise_descriptor_limit();

/// Local ports that the kernel picks from, for each local address and peer.
std::int64_t ephemeral_ports();

/// Memory that can be had without swapping, in bytes; 0 where the kernel does not say.
std::int64_t available_memory_bytes();

}  // namespace scalectl::net
