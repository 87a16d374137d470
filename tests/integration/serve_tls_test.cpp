// The reference server over TLS, with a certificate made on the spot.
#include <gmock/gmock.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <csignal>
#include <functional>
#include <memory>
#include <string>

#include "gateway/reference.hpp"
#include "net/http_server.hpp"
#include "support/command.hpp"
#include "support/raw_client.hpp"
#include "support/thrown.hpp"
#include "support/waiting.hpp"

namespace scalectl::test {
namespace {

using net::ServerFault;
using testing::HasSubstr;

std::string pem(const std::function<void(BIO*)>& write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
  write(bio.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

/// A key, and a certificate for "localhost" that it has signed itself.
struct Identity {
  Identity() {
    key.reset(EVP_EC_gen("P-256"));
    certificate.reset(X509_new());
    X509* made = certificate.get();
    ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
    X509_gmtime_adj(X509_getm_notBefore(made), -3600);
    X509_gmtime_adj(X509_getm_notAfter(made), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
    X509_set_issuer_name(made, X509_get_subject_name(made));
    X509_set_pubkey(made, key.get());
    X509_sign(made, key.get(), EVP_sha256());
  }
  std::string certificate_pem() const {
    return pem([&](BIO* bio) { PEM_write_bio_X509(bio, certificate.get()); });
  }
  std::string key_pem() const {
    return pem([&](BIO* bio) {
      PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
  }

  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key{nullptr, EVP_PKEY_free};
  std::unique_ptr<X509, decltype(&X509_free)> certificate{nullptr, X509_free};
};

class ServeTls : public testing::Test {
 protected:
  ServeTls() { std::signal(SIGPIPE, SIG_IGN); }

  net::ServerOptions options() const {
    net::ServerOptions made;
    made.port = 0;
    made.tls_cert = certificate_;
    made.tls_key = key_;
    return made;
  }

  Identity identity_;
  TemporaryDirectory directory_;
  std::string certificate_ = directory_.write("cert.pem", identity_.certificate_pem());
  std::string key_ = directory_.write("key.pem", identity_.key_pem());
  gateway::Reference reference_{1};
};

/// A blocking TLS client that trusts `certificate` alone.
class TlsClient {
 public:
  TlsClient(int port, const std::string& certificate) {
    context_.reset(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_load_verify_file(context_.get(), certificate.c_str());
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    bio_.reset(BIO_new_ssl_connect(context_.get()));
    BIO_set_conn_hostname(bio_.get(), ("127.0.0.1:" + std::to_string(port)).c_str());
    SSL* ssl = nullptr;
    BIO_get_ssl(bio_.get(), &ssl);
    static constexpr unsigned char kProtocols[] = "\x02h2\x08http/1.1";
    SSL_set_alpn_protos(ssl, kProtocols, sizeof kProtocols - 1);
    connected_ = BIO_do_handshake(bio_.get()) == 1;
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl, &chosen, &size);
    protocol_.assign(reinterpret_cast<const char*>(chosen), size);
  }

  bool connected() const { return connected_; }
  const std::string& protocol() const { return protocol_; }
  void send(const std::string& text) {
    std::size_t written = 0;
    if (BIO_write_ex(bio_.get(), text.data(), text.size(), &written) != 1) {
      throw std::runtime_error("TlsClient: send");
    }
  }
  /// All that comes until the server says that it was all.
  std::string receive_all() {
    std::string text;
    char room[16384];
    for (int got = 0; (got = BIO_read(bio_.get(), room, sizeof room)) > 0;) {
      text.append(room, static_cast<std::size_t>(got));
    }
    return text;
  }

 private:
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_{nullptr, SSL_CTX_free};
  std::unique_ptr<BIO, decltype(&BIO_free_all)> bio_{nullptr, BIO_free_all};
  bool connected_ = false;
  std::string protocol_;
};

TEST_F(ServeTls, AnswersOverAVerifiedConnection) {
  net::HttpServer server(options(), reference_);
  server.start();
  EXPECT_EQ(server.url(), "https://127.0.0.1:" + std::to_string(server.port()));
  TlsClient client(server.port(), certificate_);
  ASSERT_TRUE(client.connected());
  EXPECT_EQ(client.protocol(), "http/1.1");
  const std::string sent = get("/api/health") + post("/echo", std::string(100'000, 'x')) +
                           "GET /delay/10 HTTP/1.0\r\n\r\n";
  client.send(sent);
  const std::string all = client.receive_all();
  EXPECT_THAT(all, HasSubstr("{\"status\":\"ok\"}\n"));
  EXPECT_THAT(all, HasSubstr(std::string(100'000, 'x')));
  EXPECT_THAT(all, HasSubstr("{\"delay_ms\":10}\n"));
  EXPECT_EQ(server.counters().bytes_in, sent.size());
  EXPECT_EQ(server.counters().bytes_out, all.size());
  EXPECT_EQ(server.counters().all_faults(), 0U);
}

TEST_F(ServeTls, ClientThatSpeaksNoTls_IsClosedAndCounted) {
  net::HttpServer server(options(), reference_);
  server.start();
  RawClient client(server.port());
  client.send(get("/api/health"));
  try {
    client.receive_all();
  } catch (const std::runtime_error&) {  // a reset will do
  }
  EXPECT_TRUE(comes_true(
      [&] { return server.counters().faults[static_cast<std::size_t>(ServerFault::kTls)] == 1; }));
  TlsClient other(server.port(), certificate_);
  EXPECT_TRUE(other.connected());
}

TEST_F(ServeTls, FilesThatDoNotFit_AreErrors) {
  const auto message = [&](const net::ServerOptions& options) {
    const core::Error error = error_of([&] { net::HttpServer server(options, reference_); });
    EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
    EXPECT_NE(error.hint(), "");
    return error.message();
  };
  net::ServerOptions half = options();
  half.tls_key.clear();
  EXPECT_THAT(message(half), HasSubstr("both a certificate and its key"));
  net::ServerOptions absent = options();
  absent.tls_cert = directory_.path() + "/absent.pem";
  EXPECT_THAT(message(absent), HasSubstr("absent.pem is no readable certificate"));
  net::ServerOptions stranger = options();
  stranger.tls_key = directory_.write("other.pem", Identity().key_pem());
  EXPECT_THAT(message(stranger), HasSubstr("other.pem is no key for"));
}

}  // namespace
}  // namespace scalectl::test
