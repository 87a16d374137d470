#include "redis/lease.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <utility>

#include "core/error.hpp"

namespace scalectl::redis {
namespace {

using core::Error;
using core::ErrorKind;
using std::chrono::milliseconds;

constexpr milliseconds kShortest{10};

/// 1: done. 0: the key holds another value. -1: there is no such key.
constexpr const char* kRenew = R"lua(
local held = redis.call('GET', KEYS[1])
if not held then return -1 end
if held ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
)lua";

constexpr const char* kDelete = R"lua(
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
)lua";

/// 128 bits that nobody guesses or repeats, as 32 hexadecimal digits.
std::string random_value() {
  std::random_device device;
  std::string text;
  for (int i = 0; i < 4; ++i) text += fmt::format("{:08x}", device());
  return text;
}

/// No longer than between two renewals: an answer that comes later is of no use.
milliseconds patience(milliseconds ttl) {
  return std::clamp<milliseconds>(ttl / 3, milliseconds(100), milliseconds(5000));
}

}  // namespace

std::unique_ptr<Lease> Lease::take(const Target& target, const std::string& key, milliseconds ttl) {
  if (ttl < kShortest) {
    throw core::usage_error(fmt::format("a lease of {} ms is too short", ttl.count()),
                            "give at least 10ms; it is renewed at a third of that");
  }
  std::unique_ptr<Lease> lease(new Lease(target, key, ttl));
  lease->client_ = std::make_unique<Client>(target, patience(ttl));
  const Reply reply =
      lease->client_->command({"SET", key, lease->value_, "NX", "PX", std::to_string(ttl.count())});
  if (!reply.text) {
    lease->client_.reset();  // nothing to release
    return nullptr;
  }
  lease->thread_ =
      std::jthread([held = lease.get()](const std::stop_token& stop) { held->renew_until(stop); });
  return lease;
}

Lease::Lease(const Target& target, std::string key, milliseconds ttl)
    : target_(target), key_(std::move(key)), value_(random_value()), ttl_(ttl) {}

Lease::~Lease() { release(); }

std::string Lease::lost() const {
  const std::lock_guard lock(mutex_);
  return lost_;
}

bool Lease::release() {
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
  }
  const std::unique_ptr<Client> client = std::exchange(client_, nullptr);
  if (!client) return false;
  try {
    return client->command({"EVAL", kDelete, "1", key_, value_}).text == "1";
  } catch (const Error&) {
    return false;  // it expires by itself
  }
}

void Lease::renew_until(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait_for(lock, stop, ttl_ / 3, [] { return false; });
    if (stop.stop_requested()) return;
    lock.unlock();
    try {
      renew();
    } catch (const Error& error) {
      lose(error.message());
    }
    lock.lock();
    if (!lost_.empty()) return;
  }
}

void Lease::renew() {
  const std::vector<std::string> command{"EVAL", kRenew, "1",
                                         key_,   value_, std::to_string(ttl_.count())};
  std::string answer;
  try {
    answer = client_->command(command).text.value_or("");
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kConnection) throw;
    // A connection may break without Redis having gone.
    *client_ = Client(target_, patience(ttl_));
    answer = client_->command(command).text.value_or("");
  }
  if (answer == "-1") lose(fmt::format("{} is no longer there", key_));
  if (answer == "0") lose(fmt::format("somebody else holds {}", key_));
}

void Lease::lose(std::string why) {
  const std::lock_guard lock(mutex_);
  lost_ = std::move(why);
}

}  // namespace scalectl::redis
