// What a service manager hears, on a datagram socket of the test's own.
#include "process/notify.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <atomic>

#include "support/command.hpp"
#include "support/service_manager.hpp"
#include "support/variable.hpp"

namespace scalectl::process {
namespace {

using test::ServiceManager;
using test::Variable;

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
  const ServiceManager manager(path);
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
  const ServiceManager manager(name);
  const Variable variable("NOTIFY_SOCKET", name);
  Notifier().ready("up");
  EXPECT_EQ(manager.receive(), "READY=1\nSTATUS=up");
}

TEST_F(Notify, AManagerThatIsGone_IsNoError) {
  const Variable variable("NOTIFY_SOCKET", path);
  const Notifier notifier;
  notifier.ready("up");
  const ServiceManager manager(path);
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
  const ServiceManager manager(path);
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
