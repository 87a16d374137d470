// ServerParser: one request at a time out of Beast's parser, without an allocation per request: the
// texts of a request are kept in buffers that the next one uses again. Internal to net.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_server.hpp"

namespace scalectl::net {

class ServerParser {
 public:
  enum class State {
    kNeedMore,  ///< everything given was taken in, or must be given again with what follows
    kComplete,  ///< request() is there
    kBad,       ///< fault() says why
  };

  explicit ServerParser(const ServerOptions& options);

  /// Reads on in `data`; `used` bytes of it are done with.
  State parse(std::string_view data, std::size_t& used);

  /// A request has begun and is not complete.
  bool begun() const { return begun_; }
  bool head_done() const { return head_done_; }
  /// The client waits for 100 (Continue) before it sends its body. Says so once.
  bool take_expectation();
  ServerFault fault() const { return fault_; }
  /// The complete request, until reset().
  const ServerRequest& request(int thread);
  bool keep_alive() const { return keep_alive_; }
  bool is_http10() const { return version_ == 10; }
  bool is_head() const { return is_head_; }

  /// Ready for the next request.
  void reset();

 private:
  using Base = boost::beast::http::basic_parser<true>;
  using Field = boost::beast::http::field;
  using Verb = boost::beast::http::verb;
  using Text = boost::beast::string_view;
  using ErrorCode = boost::beast::error_code;

  /// Beast's parser with its hooks led to the owner. Lives for one request.
  class Hooks final : public Base {
   public:
    explicit Hooks(ServerParser& owner) : owner_(owner) {}

   private:
    void on_request_impl(Verb, Text method, Text target, int version, ErrorCode&) override {
      owner_.on_request(method, target, version);
    }
    void on_response_impl(int, Text, int, ErrorCode&) override {}
    void on_field_impl(Field name, Text text, Text value, ErrorCode& ec) override {
      owner_.on_field(name, text, value, ec);
    }
    void on_header_impl(ErrorCode& ec) override { owner_.on_header(*this, ec); }
    void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) override {}
    std::size_t on_body_impl(Text body, ErrorCode&) override { return owner_.on_body(body); }
    void on_chunk_header_impl(std::uint64_t, Text, ErrorCode&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, Text body, ErrorCode&) override {
      return owner_.on_body(body);
    }
    void on_finish_impl(ErrorCode&) override {}

    ServerParser& owner_;
  };

  /// Where a field stands in text_.
  struct Place {
    std::size_t at;
    std::size_t name_size;
    std::size_t value_size;
  };

  void on_request(Text method, Text target, int version);
  void on_field(Field name, Text text, Text value, ErrorCode& ec);
  void on_header(const Hooks& hooks, ErrorCode& ec);
  std::size_t on_body(Text body);
  State bad(ServerFault fault);
  /// What Beast's error at the beginning of `at` means.
  static ServerFault fault_of(const ErrorCode& error, std::string_view at);

  const ServerOptions& options_;
  std::optional<Hooks> hooks_;
  bool begun_ = false;
  bool head_done_ = false;
  bool keep_alive_ = false;
  bool is_head_ = false;
  bool has_host_ = false;
  bool foreign_coding_ = false;
  bool expects_continue_ = false;
  std::optional<ServerFault> own_fault_;  ///< found by a hook, rather than by Beast
  ServerFault fault_ = ServerFault::kBadRequest;
  int version_ = 11;
  std::string text_;  ///< method, target, then names and values, end to end
  std::size_t method_size_ = 0;
  std::size_t target_size_ = 0;
  std::vector<Place> places_;
  std::string body_;
  std::vector<ServerRequest::Field> fields_;
  ServerRequest request_;
};

}  // namespace scalectl::net
