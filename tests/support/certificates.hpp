// Certificates for servers and clients of tests, made when they are needed.
#pragma once

#include <string>

#include "support/command.hpp"

namespace scalectl::test {

/// Files in PEM.
struct CertificateFiles {
  std::string certificate;
  std::string key;
};

struct CertificateWish {
  std::string name = "localhost";  ///< subject
  std::string alternative = "IP:127.0.0.1,DNS:localhost";
  int from_s = -3600;  ///< validity, from now
  int to_s = 3600;
};

/// An authority of its own, with what it signs; the files are gone when it is.
class Authority {
 public:
  Authority();
  /// The file to trust.
  const std::string& certificate() const { return files_.certificate; }
  CertificateFiles sign(const CertificateWish& wish = {});

 private:
  TemporaryDirectory directory_;
  CertificateFiles files_;
  int signed_ = 0;
};

}  // namespace scalectl::test
