#include "net/address.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

namespace tokamark::net {
namespace {

TEST(Resolve, SplitsAUrlIntoItsParts) {
  const auto e = resolve("http://127.0.0.1:8080/prefix/");
  ASSERT_TRUE(e.has_value()) << e.error().message;
  EXPECT_EQ(e.value().security, Security::plain);
  EXPECT_EQ(e.value().host_header, "127.0.0.1:8080");
  EXPECT_EQ(e.value().path_prefix, "/prefix");
  const auto* address = reinterpret_cast<const sockaddr_in*>(&e.value().address);
  EXPECT_EQ(ntohs(address->sin_port), 8080);
}

TEST(Resolve, KnowsTheDefaultPortsAndLeavesThemOutOfTheHostField) {
  const auto e = resolve("https://127.0.0.1");
  ASSERT_TRUE(e.has_value());
  EXPECT_EQ(e.value().security, Security::tls);
  EXPECT_EQ(e.value().host_header, "127.0.0.1");
  EXPECT_EQ(e.value().path_prefix, "");
  EXPECT_EQ(ntohs(reinterpret_cast<const sockaddr_in*>(&e.value().address)->sin_port), 443);
}

TEST(Resolve, ReadsIpv6Addresses) {
  const auto e = resolve("http://[::1]:9");
  ASSERT_TRUE(e.has_value());
  EXPECT_EQ(e.value().host, "::1");
  EXPECT_EQ(e.value().host_header, "[::1]:9");
  EXPECT_EQ(e.value().family, AF_INET6);
}

TEST(Resolve, RefusesWhatIsNoHttpUrlAndNamesIt) {
  for (const char* text : {"", "not a url", "ftp://127.0.0.1/", "http://127.0.0.1:99999"}) {
    const auto e = resolve(text);
    ASSERT_FALSE(e.has_value()) << text;
    EXPECT_NE(e.error().message.find(text), std::string::npos);
  }
}

}  // namespace
}  // namespace tokamark::net
