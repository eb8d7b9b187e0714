#include "watch/loopback.h"

#include <gtest/gtest.h>

namespace tokamark::watch {
namespace {

TEST(Loopback, ListensOnThisMachineAlone) {
  EXPECT_EQ(loopback_address("127.0.0.1").value(), "127.0.0.1");
  EXPECT_EQ(loopback_address("127.8.9.10").value(), "127.8.9.10");
  EXPECT_EQ(loopback_address("localhost").value(), "127.0.0.1");
  EXPECT_EQ(loopback_address("[::1]").value(), "::1");
  for (const char* host : {"0.0.0.0", "::", "192.168.1.2", "128.0.0.1", "example.org", ""}) {
    const auto refused = loopback_address(host);
    ASSERT_FALSE(refused.has_value()) << host;
    EXPECT_EQ(refused.error().kind, base::ErrorKind::usage);
    EXPECT_NE(refused.error().message.find("ssh -L"), std::string::npos);
  }
}

TEST(Loopback, TakesRequestsThatNameThisMachine) {
  for (const char* field : {"localhost", "localhost:8980", "LocalHost:1", "127.0.0.1",
                            "127.0.0.1:9000", "[::1]:8980", "[::1]"}) {
    EXPECT_TRUE(is_local_host_field(field)) << field;
  }
}

// What a page of another site sends after its name was made to resolve to 127.0.0.1.
TEST(Loopback, RefusesForeignNames) {
  for (const char* field :
       {"", "evil.example", "evil.example:8980", "localhost.evil.example", "127.0.0.1.nip.io",
        "127.0.0.1@evil.example", "localhost:80:80", "localhost:x", "localhost:123456", "[::2]",
        "[::1", "[::1]x", "0.0.0.0", "127.1", "2130706433"}) {
    EXPECT_FALSE(is_local_host_field(field)) << field;
  }
  EXPECT_FALSE(is_local_host_field(std::string(10000, 'a')));
}

}  // namespace
}  // namespace tokamark::watch
