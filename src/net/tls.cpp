#include "net/tls.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "core/error.hpp"
#include "net/tls_native.hpp"

namespace scalectl::net {
namespace {

bool is_ip_address(const std::string& host) {
  unsigned char bytes[16];
  return inet_pton(AF_INET, host.c_str(), bytes) == 1 || inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

void require(bool done, const char* option, const std::string& file) {
  if (done) return;
  throw core::usage_error(fmt::format("{} {}: {}", option, file, take_ssl_error()),
                          "a readable PEM file is expected");
}

}  // namespace

std::string take_ssl_error() {
  const unsigned long error = ERR_get_error();
  ERR_clear_error();
  if (error == 0) return "unknown error";
  const char* reason = ERR_reason_error_string(error);
  return reason != nullptr ? reason : "unknown error";
}

TlsContext::TlsContext(const TlsOptions& options, const std::string& host)
    : native_(std::make_unique<Native>()) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  if (context == nullptr) throw core::Error(core::ErrorKind::kFailed, "OpenSSL: " + take_ssl_error());
  native_->context = context;
  native_->name = options.sni.value_or(host);
  native_->is_ip = is_ip_address(native_->name);
  native_->verify = !options.insecure;
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  // A record is read with one call, not one for its header and one for the rest.
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  if (options.ca_file) {
    require(SSL_CTX_load_verify_locations(context, options.ca_file->c_str(), nullptr) == 1, "--cacert",
            *options.ca_file);
  } else {
    SSL_CTX_set_default_verify_paths(context);
  }
  SSL_CTX_set_verify(context, options.insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  if (options.key_file && !options.cert_file) {
    throw core::usage_error("--key without --cert", "give the certificate that belongs to it");
  }
  if (options.cert_file) {
    require(SSL_CTX_use_certificate_chain_file(context, options.cert_file->c_str()) == 1, "--cert",
            *options.cert_file);
    const std::string& key = options.key_file ? *options.key_file : *options.cert_file;
    require(SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) == 1, "--key", key);
    require(SSL_CTX_check_private_key(context) == 1, "--key", key);
  }
}

TlsContext::~TlsContext() { SSL_CTX_free(native_->context); }

}  // namespace scalectl::net
