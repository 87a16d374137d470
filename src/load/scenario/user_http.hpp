// UserHttp: a user's HTTP: a connection to each server, cookies, redirects; one request at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "load/plan.hpp"
#include "load/scenario/cookies.hpp"
#include "load/scenario/crowd.hpp"
#include "net/http_connection.hpp"

namespace scalectl::load::scenario {

class UserHttp : net::HttpConnection::Owner {
 public:
  /// Who hears of the answer. Never called from within start().
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void on_answer(const net::HttpResponse& response, core::Nanos now) = 0;
    virtual void on_no_answer(const net::Failure& failure, core::Nanos now) = 0;
  };

  UserHttp(Crowd& crowd, Owner& owner) : crowd_(crowd), owner_(owner) {}

  /// Begins a request that was due at `due`. Says what is wrong with it where it cannot be written:
  /// nothing is sent then.
  std::optional<std::string> start(const HttpStep& step, Scope& scope, core::Nanos due,
                                   core::Nanos now);
  /// Gives the request up: it took too long.
  void time_out(core::Nanos now);
  /// The run is over: the request, if there is one, has no answer.
  void abandon(core::Nanos now);
  /// Forgets cookies, and closes connections unless they are to be kept.
  void reset(bool keep_connections);

 private:
  void on_open(const net::OpenTimes& times) override;
  void on_answer(const net::HttpResponse& response, const net::AnswerTimes& times) override;
  void on_failure(const net::Failure& failure) override;
  void on_close() override {}  // the next request opens it again

  std::optional<std::string> write(const HttpStep& step, core::Nanos now);
  void finish_writing(const net::Url& url, core::Nanos now);
  void send();
  bool follow(const net::HttpResponse& response, core::Nanos now);
  net::HttpConnection& connection();
  void open();

  Crowd& crowd_;
  Owner& owner_;
  std::vector<std::unique_ptr<net::HttpConnection>> connections_;  // by origin
  Cookies cookies_;

  // The request under way.
  const HttpStep* step_ = nullptr;
  Scope* scope_ = nullptr;
  std::string target_;
  HttpRequest request_;  // its parts, unless it is the same each time
  std::string written_;
  const std::string* wire_ = nullptr;
  core::Nanos due_ = 0;
  core::Nanos sent_ = 0;  // 0 until it is
  int hops_ = 0;
  bool opening_ = false;
};

/// The bytes of a request whose parts are all constant; nothing for another.
std::optional<std::string> constant_wire(const Scenario& scenario, const HttpStep& step);

}  // namespace scalectl::load::scenario
