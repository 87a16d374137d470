// Transport: a client's connection on a Loop, from connecting to the end, as bytes; what they mean
// is its owner's business.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "core/monotonic.hpp"
#include "net/address.hpp"
#include "net/failure.hpp"
#include "net/loop.hpp"
#include "net/tls.hpp"

namespace scalectl::net {

/// How long opening took; instants in nanoseconds of the monotonic clock.
struct OpenTimes {
  core::Nanos started = 0;
  core::Nanos connected = 0;
  core::Nanos secured = 0;  ///< end of the TLS handshake; 0 without TLS
};

struct Traffic {
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
};

class Transport {
 public:
  /// What happens to it. None of these is called from within a call of the owner's, but for send().
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void on_connected(const OpenTimes& times) = 0;
    /// What was read, and when.
    virtual void on_bytes(std::string_view bytes, core::Nanos now) = 0;
    /// All that was sent has gone out.
    virtual void on_flushed() {}
    /// The peer has closed; it is closed on our side too.
    virtual void on_end() = 0;
    /// It could not be opened, or is broken; it is closed.
    virtual void on_broken(const Failure& failure) = 0;
  };

  Transport(Loop& loop, Owner& owner, Traffic& traffic);
  ~Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  void open(const Address& to, const Address* source, const TlsContext* tls);
  /// Writes what the socket takes at once; how many bytes those are. on_flushed() tells when it
  /// takes more, after a call that could not write all.
  std::size_t write(std::string_view bytes);
  /// Whether to read what comes. A peer that sends on feels it in the end.
  void read(bool wanted);
  /// Closes it without a word to its owner.
  void close(bool reset = false);

 private:
  struct Native;
  std::unique_ptr<Native> native_;
};

}  // namespace scalectl::net
