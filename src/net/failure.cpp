#include "net/failure.hpp"

#include <cerrno>
#include <system_error>

namespace scalectl::net {

std::string_view name_of(FailureClass failure) {
  switch (failure) {
    case FailureClass::kRefused: return "refused";
    case FailureClass::kReset: return "reset";
    case FailureClass::kClosed: return "closed";
    case FailureClass::kTimeout: return "timeout";
    case FailureClass::kTls: return "tls";
    case FailureClass::kProtocol: return "protocol";
    case FailureClass::kDns: return "dns";
    case FailureClass::kLocal: return "local";
  }
  return "local";
}

Failure failure_of(const char* what, int error) {
  const auto kind = [&] {
    switch (error) {
      case ECONNREFUSED:
      case ENOENT:  // of a Unix socket
      case EHOSTUNREACH:
      case ENETUNREACH: return FailureClass::kRefused;
      case ECONNRESET:
      case ECONNABORTED:
      case EPIPE: return FailureClass::kReset;
      case ETIMEDOUT: return FailureClass::kTimeout;
      default: return FailureClass::kLocal;
    }
  }();
  return {kind, std::string(what) + ": " + std::generic_category().message(error)};
}

}  // namespace scalectl::net
