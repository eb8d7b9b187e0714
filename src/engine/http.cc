#include "engine/http.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <memory>

namespace tokamark::engine {

namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t kBodyLimit = std::size_t{64} << 20;
constexpr int kPollMs = 100;

struct CurlFree {
  void operator()(CURLU* handle) const { curl_url_cleanup(handle); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  void operator()(char* text) const { curl_free(text); }
};
/// CURL and CURLM are both `void`, so these two cannot be overloads.
struct EasyFree {
  void operator()(void* handle) const { curl_easy_cleanup(handle); }
};
struct MultiFree {
  void operator()(void* handle) const { curl_multi_cleanup(handle); }
};
using Easy = std::unique_ptr<void, EasyFree>;
using Multi = std::unique_ptr<void, MultiFree>;
using UrlHandle = std::unique_ptr<CURLU, CurlFree>;
using CurlText = std::unique_ptr<char, CurlFree>;
using HeaderList = std::unique_ptr<curl_slist, CurlFree>;

std::string url_part(CURLU* handle, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(handle, part, &text, flags) != CURLUE_OK) return {};
  const CurlText owned(text);
  return owned.get();
}

Error bad_url(const std::string& text, std::string_view why) {
  return Error{ErrorKind::usage,
               fmt::format("url \"{}\": {}; write it like http://127.0.0.1:8000", text, why)};
}

/// What the write callback needs.
struct Receiver {
  const HttpRequest* request;
  HttpResponse* response;
  bool too_large = false;
};

std::size_t on_data(char* data, std::size_t size, std::size_t count, void* user) {
  auto& receiver = *static_cast<Receiver*>(user);
  const std::size_t bytes = size * count;
  if (receiver.response->body.size() + bytes > kBodyLimit) {
    receiver.too_large = true;
    return 0;
  }
  receiver.response->body.append(data, bytes);
  if (receiver.request->on_body) receiver.request->on_body(receiver.response->body);
  return bytes;
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) {
  auto& receiver = *static_cast<Receiver*>(user);
  const std::string_view line(data, size * count);
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return line.size();
  std::string name(line.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  std::string_view value = line.substr(colon + 1);
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!value.empty() && blank(value.front())) value.remove_prefix(1);
  while (!value.empty() && blank(value.back())) value.remove_suffix(1);
  receiver.response->headers[name] = value;
  return line.size();
}

HeaderList header_list(const HttpRequest& request) {
  curl_slist* list = nullptr;
  if (!request.body.empty()) list = curl_slist_append(list, "Content-Type: application/json");
  list = curl_slist_append(list, "Expect:");  // no 100-continue round trip
  for (const auto& [name, value] : request.headers) {
    // curl reads "Name:" as "leave this header out"; "Name;" sends it empty.
    const std::string line = value.empty() ? name + ";" : name + ": " + value;
    list = curl_slist_append(list, line.c_str());
  }
  return HeaderList(list);
}

void configure(CURL* easy, const HttpRequest& request, const Url& url, Receiver& receiver) {
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  if (!request.body.empty() || request.method == "POST") {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.c_str());
  }
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.timeout.count()));
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "tokamark");
  curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
  curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
  // Proxies from the environment must not catch requests to this machine.
  if (is_loopback(url.host)) curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &on_data);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &receiver);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &receiver);
}

/// Drives the transfer to its end, looking at the stop flag every 100 ms.
base::Result<CURLcode> drive(CURLM* multi, const HttpRequest& request) {
  int running = 1;
  while (true) {
    if (request.stop != nullptr && request.stop->load()) {
      return Error{ErrorKind::interrupted, "interrupted while talking to " + request.url};
    }
    if (curl_multi_perform(multi, &running) != CURLM_OK) {
      return Error{ErrorKind::internal, "libcurl could not go on with " + request.url};
    }
    int left = 0;
    if (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg == CURLMSG_DONE) return message->data.result;
    }
    if (running == 0) return CURLE_GOT_NOTHING;
    curl_multi_poll(multi, nullptr, 0, kPollMs, nullptr);
  }
}

Error transfer_error(CURLcode code, const HttpRequest& request, const char* detail) {
  const char* why = detail[0] != '\0' ? detail : curl_easy_strerror(code);
  if (code == CURLE_OPERATION_TIMEDOUT) {
    return Error{ErrorKind::timeout, fmt::format("{} did not answer within {} ms", request.url,
                                                 request.timeout.count())};
  }
  return Error{ErrorKind::network, fmt::format("{}: {}", request.url, why)};
}

}  // namespace

std::string Url::text() const {
  const bool v6 = host.find(':') != std::string::npos;
  const bool default_port = (scheme == "http" && port == 80) || (scheme == "https" && port == 443);
  std::string out = scheme + "://" + (v6 ? "[" + host + "]" : host);
  if (!default_port) out += ":" + std::to_string(port);
  return out + path;
}

base::Result<Url> parse_url(const std::string& text) {
  const UrlHandle handle(curl_url());
  const CURLUcode code = curl_url_set(handle.get(), CURLUPART_URL, text.c_str(), 0);
  if (code == CURLUE_BAD_SCHEME) return bad_url(text, "no http:// or https:// in front");
  if (code != CURLUE_OK) return bad_url(text, curl_url_strerror(code));
  Url url;
  url.scheme = url_part(handle.get(), CURLUPART_SCHEME);
  if (url.scheme != "http" && url.scheme != "https") {
    return bad_url(text, fmt::format("scheme \"{}\" is not http or https", url.scheme));
  }
  url.host = url_part(handle.get(), CURLUPART_HOST);
  if (url.host.size() > 2 && url.host.front() == '[') {
    url.host = url.host.substr(1, url.host.size() - 2);
  }
  const std::string port = url_part(handle.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  const auto parsed = std::from_chars(port.data(), port.data() + port.size(), url.port);
  if (url.host.empty() || parsed.ec != std::errc() || url.port == 0) {
    return bad_url(text, "no usable host and port");
  }
  if (!url_part(handle.get(), CURLUPART_QUERY).empty())
    return bad_url(text, "a query is not taken");
  if (!url_part(handle.get(), CURLUPART_USER).empty()) {
    return bad_url(text, "user and password are not taken");
  }
  url.path = url_part(handle.get(), CURLUPART_PATH);
  while (!url.path.empty() && url.path.back() == '/') url.path.pop_back();
  return url;
}

base::Result<std::string> normalized_base_url(const std::string& text) {
  TOKAMARK_TRY(Url url, parse_url(text));
  const std::string_view suffix = "/v1";
  if (url.path.size() >= suffix.size() &&
      url.path.compare(url.path.size() - suffix.size(), suffix.size(), suffix) == 0) {
    url.path.resize(url.path.size() - suffix.size());
  }
  while (!url.path.empty() && url.path.back() == '/') url.path.pop_back();
  return url.text();
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" || host.substr(0, 4) == "127.";
}

base::Result<HttpResponse> http_send(const HttpRequest& request) {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (initialised != CURLE_OK) return Error{ErrorKind::internal, "libcurl did not initialise"};
  const std::size_t query = request.url.find('?');
  TOKAMARK_TRY(const Url url, parse_url(request.url.substr(0, query)));
  HttpResponse response;
  Receiver receiver{&request, &response};
  const Easy easy(curl_easy_init());
  const Multi multi(curl_multi_init());
  if (!easy || !multi) return Error{ErrorKind::internal, "libcurl gave no handle"};
  configure(easy.get(), request, url, receiver);
  char detail[CURL_ERROR_SIZE] = "";
  curl_easy_setopt(easy.get(), CURLOPT_ERRORBUFFER, detail);
  const HeaderList headers = header_list(request);
  curl_easy_setopt(easy.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_multi_add_handle(multi.get(), easy.get());
  const auto outcome = drive(multi.get(), request);
  curl_multi_remove_handle(multi.get(), easy.get());
  if (outcome.has_error()) return outcome.error();
  if (receiver.too_large) {
    return Error{ErrorKind::network, request.url + ": the answer is larger than 64 MiB"};
  }
  if (outcome.value() != CURLE_OK) return transfer_error(outcome.value(), request, detail);
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &response.status);
  return response;
}

}  // namespace tokamark::engine
