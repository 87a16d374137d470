#include "net/resolver.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <cstring>

#include "net/loop_native.hpp"

namespace scalectl::net {
namespace {

using Tcp = boost::asio::ip::tcp;
using NativeResolver =
    boost::asio::ip::basic_resolver<Tcp, boost::asio::io_context::executor_type>;

}  // namespace

struct Resolver::Native {
  explicit Native(Loop& loop) : resolver(loop.native().context.get_executor()) {}
  NativeResolver resolver;
};

Resolver::Resolver(Loop& loop) : native_(std::make_unique<Native>(loop)) {}
Resolver::~Resolver() = default;

void Resolver::resolve(const std::string& host, std::uint16_t port, IpVersion version, Done done) {
  const auto take = [host, done = std::move(done)](const boost::system::error_code& error,
                                                   const Tcp::resolver::results_type& results) {
    if (error == boost::asio::error::operation_aborted) return;
    if (error) return done(Failure{FailureClass::kDns, "\"" + host + "\": " + error.message()});
    std::vector<Address> addresses;
    for (const auto& entry : results) {
      const Tcp::endpoint endpoint = entry.endpoint();
      Address& address = addresses.emplace_back();
      std::memcpy(&address.storage, endpoint.data(), endpoint.size());
      address.length = static_cast<socklen_t>(endpoint.size());
    }
    done(std::move(addresses));
  };
  const std::string service = std::to_string(port);
  if (version == IpVersion::kV4) {
    native_->resolver.async_resolve(Tcp::v4(), host, service, take);
  } else if (version == IpVersion::kV6) {
    native_->resolver.async_resolve(Tcp::v6(), host, service, take);
  } else {
    native_->resolver.async_resolve(host, service, take);
  }
}

}  // namespace scalectl::net
