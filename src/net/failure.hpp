// Failure: why a connection or a request came to nothing. A failure is something measured, not an
// Error.
#pragma once

#include <string>
#include <string_view>

namespace scalectl::net {

enum class FailureClass {
  kRefused,   ///< nobody listens there, or a firewall says no
  kReset,     ///< the peer reset the connection
  kClosed,    ///< the peer closed it before the answer was complete
  kTimeout,   ///< no connection, or no complete answer, in time
  kTls,       ///< the handshake failed, or the certificate is not to be trusted
  kProtocol,  ///< what came is not HTTP, or goes past a limit
  kDns,       ///< the name does not resolve
  kLocal,     ///< this machine ran out of something: descriptors, ports, memory; or has no route
};

inline constexpr int kFailureClasses = 8;

/// "refused", "reset", …
std::string_view name_of(FailureClass failure);

struct Failure {
  FailureClass kind = FailureClass::kLocal;
  std::string detail;  ///< one example, for people: "connect: Connection refused"
};

/// The class of a system call's errno, with "what: strerror" as its detail.
Failure failure_of(const char* what, int error);

}  // namespace scalectl::net
