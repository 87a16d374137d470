// TLS on the client's side: what is trusted, and who we are.
#pragma once

#include <memory>
#include <optional>
#include <string>

namespace scalectl::net {

struct TlsOptions {
  bool insecure = false;                ///< take any certificate
  std::optional<std::string> ca_file;   ///< PEM; in place of the system's authorities
  std::optional<std::string> cert_file; ///< PEM chain of the client's certificate
  std::optional<std::string> key_file;  ///< PEM; in the certificate's file if absent
  std::optional<std::string> sni;       ///< name to ask for and to verify; the URL's host if absent
};

/// The settings, read once and shared by all connections (of every thread).
class TlsContext {
 public:
  /// Throws Error (usage) for a file that cannot be read or does not fit.
  TlsContext(const TlsOptions& options, const std::string& host);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

 private:
  friend class Stream;
  struct Native;
  std::unique_ptr<Native> native_;
};

}  // namespace scalectl::net
