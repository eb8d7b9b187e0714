#include "net/port_range.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tokamark::net {
namespace {

TEST(PortRange, IsReadAsTheKernelWritesIt) {
  const auto range = parse_port_range("32768\t60999\n");
  ASSERT_TRUE(range.has_value());
  EXPECT_EQ(range->low, 32768);
  EXPECT_EQ(range->high, 60999);
  EXPECT_EQ(range->size(), 28232U);
}

TEST(PortRange, RefusesWhatIsNoRange) {
  for (const char* text : {"", "1024", "9 3", "0 5", "1024 70000", "a b"}) {
    EXPECT_FALSE(parse_port_range(text).has_value()) << text;
  }
}

TEST(PortRange, ASocketTakesTheWholeRangeWhereTheKernelKnowsHow) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  ASSERT_GE(socket, 0);
  if (use_whole_port_range(socket)) {
    std::uint32_t both = 0;
    socklen_t size = sizeof both;
    ASSERT_EQ(::getsockopt(socket, IPPROTO_IP, 51, &both, &size), 0);
    EXPECT_EQ(both & 0xffff, local_port_range()->low);
    EXPECT_EQ(both >> 16, local_port_range()->high);
  }
  ::close(socket);
  EXPECT_FALSE(use_whole_port_range(-1));
}

}  // namespace
}  // namespace tokamark::net
