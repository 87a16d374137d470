#include "net/resolver.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace scalectl::net {

/// The C library's resolver blocks, so it is asked from one thread, which starts with the first name.
struct Resolver::Native {
  explicit Native(Loop& its_loop) : loop(its_loop) {}
  ~Native() {
    {
      const std::lock_guard lock(mutex);
      leaving = true;
    }
    changed.notify_one();
    if (thread.joinable()) thread.join();
  }

  struct Question {
    std::string host;
    std::uint16_t port;
    IpVersion version;
    Done done;
  };

  void ask(Question question) {
    {
      const std::lock_guard lock(mutex);
      questions.push_back(std::move(question));
    }
    if (!thread.joinable()) thread = std::thread([this] { work(); });
    changed.notify_one();
  }

  void work() {
    for (;;) {
      std::unique_lock lock(mutex);
      changed.wait(lock, [this] { return leaving || !questions.empty(); });
      if (leaving) return;
      Question question = std::move(questions.front());
      questions.pop_front();
      lock.unlock();
      auto found = net::resolve(question.host, question.port, question.version);
      loop.post([done = std::move(question.done), found = std::move(found)] { done(found); });
    }
  }

  Loop& loop;
  std::thread thread;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Question> questions;
  bool leaving = false;
};

Resolver::Resolver(Loop& loop) : native_(std::make_unique<Native>(loop)) {}
Resolver::~Resolver() = default;

void Resolver::resolve(const std::string& host, std::uint16_t port, IpVersion version, Done done) {
  native_->ask({.host = host, .port = port, .version = version, .done = std::move(done)});
}

}  // namespace scalectl::net
