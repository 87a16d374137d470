#include "support/certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>
#include <stdexcept>

namespace scalectl::test {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using File = std::unique_ptr<std::FILE, decltype(&std::fclose)>;

File open(const std::string& path, const char* mode) {
  File file(std::fopen(path.c_str(), mode), &std::fclose);
  if (!file) throw std::runtime_error("cannot open " + path);
  return file;
}

void add_extension(X509* certificate, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str());
  if (extension == nullptr) throw std::runtime_error("no such extension: " + value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

/// A new key's certificate, signed by `issuer` with `issuer_key`, or by itself.
CertificateFiles make(const TemporaryDirectory& directory, const std::string& file, int serial,
                      const CertificateWish& wish, const CertificateFiles* issuer_files) {
  const Key key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  const Certificate made(X509_new(), &X509_free);
  Key issuer_key(nullptr, &EVP_PKEY_free);
  Certificate issuer(nullptr, &X509_free);
  if (issuer_files != nullptr) {
    issuer_key.reset(
        PEM_read_PrivateKey(open(issuer_files->key, "r").get(), nullptr, nullptr, nullptr));
    issuer.reset(
        PEM_read_X509(open(issuer_files->certificate, "r").get(), nullptr, nullptr, nullptr));
  }
  X509* signer = issuer ? issuer.get() : made.get();
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), wish.from_s);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), wish.to_s);
  X509_set_pubkey(made.get(), key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(wish.name.c_str()), -1, -1, 0);
  X509_set_issuer_name(made.get(), X509_get_subject_name(signer));
  if (issuer_files == nullptr) {
    add_extension(made.get(), signer, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(made.get(), signer, NID_key_usage, "critical,keyCertSign,cRLSign");
  } else {
    add_extension(made.get(), signer, NID_subject_alt_name, wish.alternative);
  }
  if (X509_sign(made.get(), issuer_key ? issuer_key.get() : key.get(), EVP_sha256()) == 0) {
    throw std::runtime_error("cannot sign");
  }
  const CertificateFiles files{.certificate = directory.path() + "/" + file + ".pem",
                               .key = directory.path() + "/" + file + ".key"};
  PEM_write_X509(open(files.certificate, "w").get(), made.get());
  PEM_write_PrivateKey(open(files.key, "w").get(), key.get(), nullptr, nullptr, 0, nullptr,
                       nullptr);
  return files;
}

}  // namespace

Authority::Authority() : files_(make(directory_, "ca", 1, {.name = "test authority"}, nullptr)) {}

CertificateFiles Authority::sign(const CertificateWish& wish) {
  ++signed_;
  return make(directory_, "c" + std::to_string(signed_), signed_ + 1, wish, &files_);
}

}  // namespace scalectl::test
