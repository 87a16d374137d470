// What a service manager hears, on a datagram socket of the test's own.
#include "process/notify.hpp"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <atomic>
#include <cstddef>
#include <cstring>

#include "support/command.hpp"
#include "support/variable.hpp"

namespace scalectl::process {
namespace {

using test::Variable;

/// The manager's end of the protocol. receive() waits, at most for ten seconds.
class Manager {
 public:
  explicit Manager(std::string name) : fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    if (name[0] == '@') name[0] = '\0';
    std::memcpy(at.sun_path, name.data(), name.size());
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    EXPECT_EQ(bind(fd_.get(), reinterpret_cast<const sockaddr*>(&at), length), 0);
    const timeval limit{.tv_sec = 10, .tv_usec = 0};
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  std::string receive() const {
    char text[4096];
    const auto length = recv(fd_.get(), text, sizeof text, 0);
    return length < 0 ? "nothing" : std::string(text, static_cast<std::size_t>(length));
  }
  /// What is there already.
  std::string pending() const {
    char text[4096];
    const auto length = recv(fd_.get(), text, sizeof text, MSG_DONTWAIT);
    return length < 0 ? "nothing" : std::string(text, static_cast<std::size_t>(length));
  }

 private:
  Descriptor fd_;
};

struct Notify : testing::Test {
  test::TemporaryDirectory directory;
  std::string path = directory.path() + "/notify";
  Variable no_interval{"WATCHDOG_USEC"};
  Variable no_pid{"WATCHDOG_PID"};
};

TEST_F(Notify, WithoutTheVariable_DoesNothing) {
  const Variable none("NOTIFY_SOCKET");
  const Variable interval("WATCHDOG_USEC", "1000");
  const Notifier notifier;
  EXPECT_FALSE(notifier.enabled());
  EXPECT_EQ(notifier.watchdog().count(), 0);
  notifier.ready("up");
  notifier.alive();
}

TEST_F(Notify, SaysItsStatesToASocketFile) {
  const Manager manager(path);
  const Variable variable("NOTIFY_SOCKET", path);
  const Notifier notifier;
  EXPECT_TRUE(notifier.enabled());
  notifier.ready("connected");
  notifier.status("run 1:\n42 rows");
  notifier.alive();
  notifier.stopping("signal");
  EXPECT_EQ(manager.receive(), "READY=1\nSTATUS=connected");
  EXPECT_EQ(manager.receive(), "STATUS=run 1: 42 rows");
  EXPECT_EQ(manager.receive(), "WATCHDOG=1");
  EXPECT_EQ(manager.receive(), "STOPPING=1\nSTATUS=signal");
}

TEST_F(Notify, KnowsAbstractNames) {
  const std::string name = "@scalectl-test-" + std::to_string(getpid());
  const Manager manager(name);
  const Variable variable("NOTIFY_SOCKET", name);
  Notifier().ready("up");
  EXPECT_EQ(manager.receive(), "READY=1\nSTATUS=up");
}

TEST_F(Notify, AManagerThatIsGone_IsNoError) {
  const Variable variable("NOTIFY_SOCKET", path);
  const Notifier notifier;
  notifier.ready("up");
  const Manager manager(path);
  notifier.status("later");
  EXPECT_EQ(manager.receive(), "STATUS=later");
}

TEST_F(Notify, OtherKindsOfSockets_AreLeftAlone) {
  for (const std::string& name : {std::string("vsock:2:1"), std::string("relative/path"),
                                  std::string("/"), "/" + std::string(200, 'x')}) {
    const Variable variable("NOTIFY_SOCKET", name);
    EXPECT_FALSE(Notifier().enabled()) << name;
  }
}

TEST_F(Notify, WatchdogOfAnotherProcess_IsNotOurs) {
  const Variable variable("NOTIFY_SOCKET", path);
  const Variable interval("WATCHDOG_USEC", "30000000");
  EXPECT_EQ(Notifier().watchdog(), std::chrono::seconds(30));
  {
    const Variable other("WATCHDOG_PID", "1");
    EXPECT_EQ(Notifier().watchdog().count(), 0);
  }
  const Variable ours("WATCHDOG_PID", std::to_string(getpid()));
  EXPECT_EQ(Notifier().watchdog(), std::chrono::seconds(30));
  const Variable junk("WATCHDOG_USEC", "30s");
  EXPECT_EQ(Notifier().watchdog().count(), 0);
}

TEST_F(Notify, Watchdog_BeatsWhileAllIsWellAndEndsAtOnce) {
  const Manager manager(path);
  const Variable variable("NOTIFY_SOCKET", path);
  const Variable interval("WATCHDOG_USEC", "2000");
  const Notifier notifier;
  std::atomic<bool> well = true;
  std::atomic<int> asked = 0;
  {
    const Watchdog watchdog(notifier, [&] {
      ++asked;
      return well.load();
    });
    for (int i = 0; i < 3; ++i) EXPECT_EQ(manager.receive(), "WATCHDOG=1");
    well = false;
    const int then = asked;
    while (asked < then + 2) std::this_thread::yield();  // what was on its way is sent
    while (manager.pending() != "nothing") {
    }
    const int quiet = asked;
    while (asked < quiet + 2) std::this_thread::yield();
    EXPECT_EQ(manager.pending(), "nothing");
  }
  const Variable long_interval("WATCHDOG_USEC", "3600000000");
  const Notifier patient;
  const Watchdog watchdog(patient, [] { return true; });
  EXPECT_EQ(manager.receive(), "WATCHDOG=1");  // and the destructor does not wait for half an hour
}

}  // namespace
}  // namespace scalectl::process
