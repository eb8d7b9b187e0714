#include <arpa/inet.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "floor/floor_client.h"

namespace {

using tokamark::bench::FloorOptions;
using tokamark::bench::FloorResult;

std::string request_bytes(const std::string& model, std::uint32_t tokens, std::uint16_t port) {
  const std::string body =
      fmt::format(R"({{"model":"{}","messages":[{{"role":"user","content":"Say something."}}],)"
                  R"("max_tokens":{},"stream":true,"stream_options":{{"include_usage":true}}}})",
                  model, tokens);
  return fmt::format(
      "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n"
      "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
      port, body.size(), body);
}

void print(const FloorOptions& options, const FloorResult& result) {
  const double events = static_cast<double>(result.events);
  fmt::print(R"({{"program":"tokamark_floor","streams":{},"responses":{},"failed":{},"reads":{},)"
             R"("events":{},"bytes":{},"wall_s":{:.6f},"cpu_s":{:.6f},"cpu_us_per_event":{:.4f}}})"
             "\n",
             options.streams, result.responses, result.failed, result.reads, result.events,
             result.bytes, result.wall_s, result.cpu_s,
             events > 0 ? result.cpu_s * 1e6 / events : 0.0);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App program("The floor: the least CPU that reading streamed answers costs. Prints JSON.");
  FloorOptions options;
  std::string host = "127.0.0.1";
  std::string model = "null";
  std::uint16_t port = 8990;
  std::uint32_t tokens = 100;
  options.requests = UINT64_MAX;
  program.add_option("--host", host, "Address of the server")->capture_default_str();
  program.add_option("--port", port, "Port of the server")->capture_default_str();
  program.add_option("--model", model, "Model of every request")->capture_default_str();
  program.add_option("--streams", options.streams, "Requests in flight")->capture_default_str();
  program.add_option("--tokens", tokens, "max_tokens of every request")->capture_default_str();
  program.add_option("--requests", options.requests, "Requests in all (default: no limit)");
  program.add_option("--seconds", options.longest_s, "No new request after that")
      ->capture_default_str();
  CLI11_PARSE(program, argc, argv);
  options.address.sin_family = AF_INET;
  options.address.sin_port = htons(port);
  if (::inet_pton(AF_INET, host.c_str(), &options.address.sin_addr) != 1) {
    fmt::print(stderr, "tokamark_floor: --host {}: write an IPv4 address\n", host);
    return 2;
  }
  options.request = request_bytes(model, tokens, port);
  const FloorResult result = tokamark::bench::run_floor(options);
  if (!result.error.empty()) {
    fmt::print(stderr, "tokamark_floor: {}:{}: {}\n", host, port, result.error);
    return 1;
  }
  print(options, result);
  return result.failed == 0 ? 0 : 1;
}
