// Asio's and Beast's own code, compiled here once for all of net.
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
