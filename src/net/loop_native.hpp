// The Asio behind Loop, for what else in net waits on it.
#pragma once

#include <utility>  // Boost 1.74 uses std::exchange without it

#include <boost/asio/detail/concurrency_hint.hpp>
#include <boost/asio/io_context.hpp>

#include "net/loop.hpp"

namespace scalectl::net {

struct Loop::Native {
  // The reactor is not locked: one thread runs the loop. The queue is, for post() and stop().
  boost::asio::io_context context{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
};

}  // namespace scalectl::net
