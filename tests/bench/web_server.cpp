#include "web_server.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include <stdexcept>
#include <thread>

#include "net/address.hpp"
#include "net/probe.hpp"
#include "process/descriptor.hpp"
#include "process/files.hpp"

namespace scalectl::bench {
namespace {

constexpr const char* kConfiguration = R"(daemon off;
worker_processes 1;
worker_rlimit_nofile 30000;
pid {0}/nginx.pid;
error_log {0}/nginx.log;
events {{ worker_connections 20000; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
  client_body_temp_path {0}/body; proxy_temp_path {0}/proxy; fastcgi_temp_path {0}/fastcgi;
  uwsgi_temp_path {0}/uwsgi; scgi_temp_path {0}/scgi;
  server {{
    listen 127.0.0.1:{1} backlog=20000;
    listen 127.0.0.1:{2} ssl backlog=20000;
    ssl_certificate {0}/certificate.pem;
    ssl_certificate_key {0}/key.pem;
    location / {{ return 200 "hello world\n"; }}
  }}
}}
)";

int free_port() {
  const process::Descriptor fd(socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(fd.get(), generic, length) != 0 || getsockname(fd.get(), generic, &length) != 0) {
    throw std::runtime_error("no port is free");
  }
  return ntohs(address.sin_port);
}

void make_certificate(const std::string& directory) {
  const process::Captured made = process::run(
      {.argv = {"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-keyout", directory + "/key.pem",
                "-out", directory + "/certificate.pem"}});
  if (!made.exit.ok()) throw std::runtime_error("openssl: " + made.err);
}

}  // namespace

WebServer::WebServer(const std::string& directory, int core)
    : port_(free_port()),
      tls_port_(free_port()),
      child_([&] {
        make_certificate(directory);
        process::write_file(directory + "/nginx.conf",
                            fmt::format(fmt::runtime(kConfiguration), directory, port_, tls_port_));
        return process::Child::start({.argv = {"taskset", "-c", std::to_string(core), "nginx", "-c",
                                               directory + "/nginx.conf"},
                                      .output_file = directory + "/nginx.out"});
      }()) {
  const auto found = net::resolve("127.0.0.1", static_cast<std::uint16_t>(port_), net::IpVersion::kV4);
  for (int attempt = 0; attempt < 100; ++attempt) {
    if (net::probe(std::get<0>(found), nullptr, nullptr, core::kSecond, {}).address) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  throw std::runtime_error("nginx does not start: " + process::read_file(directory + "/nginx.out"));
}

WebServer::~WebServer() {
  child_.signal(SIGTERM);
  child_.wait(std::chrono::seconds(5));
}

std::string WebServer::url() const { return fmt::format("http://127.0.0.1:{}/", port_); }
std::string WebServer::tls_url() const { return fmt::format("https://127.0.0.1:{}/", tls_port_); }

}  // namespace scalectl::bench
