// FirstRequest: a server that notes when the first request reaches it.
#pragma once

#include <chrono>
#include <string>
#include <thread>

namespace scalectl::bench {

class FirstRequest {
 public:
  /// Listens on 127.0.0.1, on any port.
  FirstRequest();
  ~FirstRequest();
  FirstRequest(const FirstRequest&) = delete;
  FirstRequest& operator=(const FirstRequest&) = delete;

  std::string url() const;
  /// Once a request was answered.
  std::chrono::steady_clock::time_point at() const { return at_; }

 private:
  void serve();

  int listener_ = -1;
  int port_ = 0;
  std::chrono::steady_clock::time_point at_;
  std::thread thread_;
};

}  // namespace scalectl::bench
