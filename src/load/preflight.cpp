#include "load/preflight.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"
#include "net/limits.hpp"
#include "net/probe.hpp"

namespace scalectl::load {
namespace {

using core::Error;
using core::ErrorKind;

/// What a connection takes at most, measured with 10,000 of them over TLS, rounded up.
constexpr std::int64_t kBytesPerConnection = 64 * 1024;
/// Descriptors for everything else: epoll, timers, files.
constexpr std::int64_t kOtherDescriptors = 32;

[[noreturn]] void unreachable(const Reach& reach, const net::Failure& failure) {
  std::string hint = "is it running, and is the address right?";
  if (failure.kind == net::FailureClass::kDns) hint = "is the name spelt right?";
  if (failure.kind == net::FailureClass::kTls) {
    hint = reach.tls.insecure ? "does it speak TLS on this port?"
                              : "--cacert FILE names an authority to trust; -k trusts anyone";
  }
  throw Error(ErrorKind::kConnection,
              fmt::format("cannot reach {}: {}: {}", reach.unix_path.value_or(reach.url.text()),
                          net::name_of(failure.kind), failure.detail),
              hint);
}

}  // namespace

void check_resources(const Reach& reach, core::Observer& observer,
                     std::vector<std::string>& notes) {
  const auto warn = [&](std::string warning) {
    observer.warn(warning);
    notes.push_back(std::move(warning));
  };
  const std::int64_t descriptors = net::raise_descriptor_limit();
  if (reach.connections + kOtherDescriptors > descriptors) {
    warn(fmt::format(
        "{} connections do not fit into {} open descriptors: those beyond fail as \"local\"; raise "
        "the hard limit (ulimit -Hn)",
        core::grouped(static_cast<std::int64_t>(reach.connections)), core::grouped(descriptors)));
  }
  const std::int64_t sources =
      std::max<std::int64_t>(1, static_cast<std::int64_t>(reach.sources.size()));
  const std::int64_t ports = net::ephemeral_ports() * sources;
  if (!reach.unix_path && reach.connections > ports) {
    warn(fmt::format(
        "{} connections do not fit into {} local ports: those beyond fail as \"local\"; give more "
        "addresses with --source",
        core::grouped(static_cast<std::int64_t>(reach.connections)), core::grouped(ports)));
  }
  const std::int64_t memory = net::available_memory_bytes();
  if (memory > 0 && reach.connections * kBytesPerConnection > memory) {
    warn(fmt::format("{} connections may need more than the {} MiB of memory that are free",
                     core::grouped(static_cast<std::int64_t>(reach.connections)),
                     memory / 1024 / 1024));
  }
}

Entry find_server(const Reach& reach, const std::stop_token& stop) {
  Entry entry;
  if (reach.url.tls) entry.tls = std::make_unique<net::TlsContext>(reach.tls, reach.url.host);
  std::vector<net::Address> addresses;
  if (reach.unix_path) {
    addresses.push_back(net::unix_address(*reach.unix_path));
  } else {
    auto found = net::resolve(reach.url.host, reach.url.port, reach.ip_version);
    if (const auto* failure = std::get_if<net::Failure>(&found)) unreachable(reach, *failure);
    addresses = std::get<std::vector<net::Address>>(std::move(found));
  }
  const net::Address* source = reach.sources.empty() ? nullptr : &reach.sources.front();
  const net::ProbeResult probe =
      net::probe(addresses, source, entry.tls.get(), reach.connect_timeout, stop);
  if (stop.stop_requested())
    throw Error(ErrorKind::kInterrupted, "interrupted before the load began");
  if (!probe.address) unreachable(reach, probe.failure);
  entry.address = *probe.address;
  return entry;
}

}  // namespace scalectl::load
