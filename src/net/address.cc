#include "net/address.h"

#include <curl/curl.h>
#include <netdb.h>

#include <cstring>
#include <memory>

namespace tokamark::net {

namespace {

using base::Error;
using base::ErrorKind;

struct UrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

/// One part of a parsed URL, or "" when it has none.
std::string part(CURLU* url, CURLUPart which, unsigned int flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, flags) != CURLUE_OK) return {};
  std::string copy(text);
  curl_free(text);
  return copy;
}

}  // namespace

base::Result<Endpoint> resolve(const std::string& text) {
  const std::unique_ptr<CURLU, UrlDeleter> url(curl_url());
  if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) {
    return Error{ErrorKind::engine, "\"" + text + "\" is not a URL; write http://HOST:PORT"};
  }
  const std::string scheme = part(url.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") {
    return Error{ErrorKind::engine,
                 "\"" + text + "\" has scheme " + scheme + "; only http and https are spoken"};
  }
  Endpoint endpoint;
  endpoint.security = scheme == "https" ? Security::tls : Security::plain;
  endpoint.host = part(url.get(), CURLUPART_HOST);
  const std::string port = part(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  const std::string stated_port = part(url.get(), CURLUPART_PORT);
  endpoint.host_header = endpoint.host + (stated_port.empty() ? "" : ":" + stated_port);
  if (endpoint.host.size() > 2 && endpoint.host.front() == '[') {
    endpoint.host = endpoint.host.substr(1, endpoint.host.size() - 2);
  }
  endpoint.path_prefix = part(url.get(), CURLUPART_PATH);
  while (!endpoint.path_prefix.empty() && endpoint.path_prefix.back() == '/') {
    endpoint.path_prefix.pop_back();
  }

  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(endpoint.host.c_str(), port.c_str(), &hints, &found);
  if (failed != 0) {
    return Error{ErrorKind::engine, "cannot resolve the host of " + text + ": " +
                                        ::gai_strerror(failed) + "; check the URL"};
  }
  std::memcpy(&endpoint.address, found->ai_addr, found->ai_addrlen);
  endpoint.address_size = found->ai_addrlen;
  endpoint.family = found->ai_family;
  ::freeaddrinfo(found);
  return endpoint;
}

}  // namespace tokamark::net
