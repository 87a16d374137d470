// HttpConnection: a client's connection, from connecting to the answers, on a Loop. It keeps no
// request: what is sent and why is its owner's business.
#pragma once

#include <memory>
#include <string_view>

#include "core/monotonic.hpp"
#include "net/http_parser.hpp"
#include "net/transport.hpp"

namespace scalectl::net {

/// When an answer came.
struct AnswerTimes {
  core::Nanos first_byte = 0;
  core::Nanos done = 0;
};

class HttpConnection {
 public:
  /// What happens to a connection. None of these is called from within a call of the owner's.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void on_open(const OpenTimes& times) = 0;
    /// Where it is closed by now, the requests behind this one are lost.
    virtual void on_answer(const HttpResponse& response, const AnswerTimes& times) = 0;
    /// It is closed: it could not be opened, or every request without an answer failed with this.
    virtual void on_failure(const Failure& failure) = 0;
    /// The peer closed it while nothing was asked, or after an answer that said so.
    virtual void on_close() = 0;
  };

  HttpConnection(Loop& loop, Owner& owner, Traffic& traffic, const HttpLimits& limits);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  void open(const Address& to, const Address* source, const TlsContext* tls);
  /// Sends one request, which must stay where it is until it is answered. Only when open. Answers
  /// that are awaited together have one shape.
  void send(std::string_view request, const AnswerShape& shape);
  /// Closes it without a word to its owner.
  void close(bool reset = false);

  bool is_open() const;

 private:
  struct Native;
  std::unique_ptr<Native> native_;
};

}  // namespace scalectl::net
