// WebServer: the nginx that load generators are compared on, with one worker on one core.
#pragma once

#include <string>

#include "process/child.hpp"

namespace scalectl::bench {

class WebServer {
 public:
  /// Starts it in `directory`, on core `core`; plain and TLS ports with a certificate of its own.
  WebServer(const std::string& directory, int core);
  ~WebServer();
  WebServer(const WebServer&) = delete;
  WebServer& operator=(const WebServer&) = delete;

  std::string url() const;
  std::string tls_url() const;

 private:
  int port_ = 0;
  int tls_port_ = 0;
  process::Child child_;
};

}  // namespace scalectl::bench
