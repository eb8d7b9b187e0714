#include "engine/proc_table.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "engine/port.h"
#include "engine/test_support.h"

namespace tokamark::engine {
namespace {

TEST(ProcTable, ReadsANameWithSpacesAndBrackets) {
  const auto entry = parse_proc_stat("42 (a) b (c)) S 7 42 42 0 -1 4194560");
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(entry->pid, 42);
  EXPECT_EQ(entry->parent, 7);
  EXPECT_EQ(entry->state, 'S');
  EXPECT_EQ(entry->name, "a) b (c)");
}

TEST(ProcTable, RefusesMalformedText) {
  for (const char* bad : {"", "42", "42 (name", "() S 1", "x (name) S 1", "42 (name) S"}) {
    EXPECT_FALSE(parse_proc_stat(bad).has_value()) << bad;
  }
}

TEST(ProcTable, DescendantsAreFoundAtEveryDepthAndOthersAreNot) {
  const std::vector<ProcessEntry> table{{1, 0, 'S', "init"},
                                        {5, 1, 'S', "engine"},
                                        {9, 5, 'S', "core"},
                                        {7, 9, 'Z', "worker"},
                                        {8, 1, 'S', "other"}};
  std::vector<pid_t> pids;
  for (const auto& entry : descendants(table, 5)) pids.push_back(entry.pid);
  std::sort(pids.begin(), pids.end());
  EXPECT_EQ(pids, (std::vector<pid_t>{7, 9}));
}

TEST(ProcTable, ATornSnapshotWithACycleEnds) {
  const std::vector<ProcessEntry> table{{2, 3, 'S', "a"}, {3, 2, 'S', "b"}};
  EXPECT_EQ(descendants(table, 2).size(), 1U);
}

TEST(ProcTable, ShowsThisProcess) {
  const auto table = process_table();
  EXPECT_TRUE(std::any_of(table.begin(), table.end(), [](const ProcessEntry& entry) {
    return entry.pid == ::getpid() && entry.parent == ::getppid();
  }));
}

TEST(Port, ATakenPortIsRefusedAndItsOwnerNamed) {
  const test::TestServer server([](const test::SeenRequest&) { return std::string(); });
  const auto owner = listener_of(server.port());
  ASSERT_TRUE(owner.has_value());
  EXPECT_EQ(owner->pid, ::getpid());
  const auto check = check_port_free("127.0.0.1", server.port());
  ASSERT_TRUE(check.has_error());
  EXPECT_EQ(check.error().kind, base::ErrorKind::engine);
  const std::string start = "port " + std::to_string(server.port()) +
                            " on 127.0.0.1 is in use: pid " + std::to_string(::getpid()) + " (";
  EXPECT_EQ(check.error().message.substr(0, start.size()), start);
  EXPECT_NE(check.error().message.find("`port`"), std::string::npos);
}

TEST(Port, AFreePortPasses) {
  const std::uint16_t port = test::free_port();
  EXPECT_TRUE(check_port_free("127.0.0.1", port).has_value());
  EXPECT_TRUE(check_port_free("localhost", port).has_value());
  EXPECT_TRUE(check_port_free("0.0.0.0", port).has_value());
  EXPECT_FALSE(listener_of(port).has_value());
}

TEST(Port, AWildcardSeesAServerOnLoopback) {
  const test::TestServer server([](const test::SeenRequest&) { return std::string(); });
  EXPECT_TRUE(check_port_free("0.0.0.0", server.port()).has_error());
}

TEST(Port, AHostThatIsNotOfThisMachineIsNamed) {
  const auto check = check_port_free("192.0.2.1", test::free_port());  // TEST-NET-1, RFC 5737
  ASSERT_TRUE(check.has_error());
  EXPECT_NE(check.error().message.find("\"192.0.2.1\" is not an address of this machine"),
            std::string::npos);
}

}  // namespace
}  // namespace tokamark::engine
