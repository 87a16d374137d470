// What tls.cpp and stream.cpp share of OpenSSL.
#pragma once

#include <openssl/ssl.h>

#include <string>

#include "net/tls.hpp"

namespace scalectl::net {

struct TlsContext::Native {
  SSL_CTX* context = nullptr;
  std::string name;      ///< for SNI and verification
  bool is_ip = false;    ///< an IP address is verified, but not sent as SNI
  bool verify = true;
};

/// OpenSSL's oldest queued error as text; empties the queue.
std::string take_ssl_error();

}  // namespace scalectl::net
