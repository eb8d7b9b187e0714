#include "drain/drain_clients.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "floor/floor_client.h"
#include "load/live.h"
#include "load/player.h"
#include "protocol/request_renderer.h"

namespace tokamark::bench {

namespace {

int read_as_floor(const DrainLoad& load) {
  FloorOptions options;
  options.address.sin_family = AF_INET;
  options.address.sin_port = htons(load.port);
  options.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  options.request = "POST / HTTP/1.1\r\nHost: drain\r\nContent-Length: 0\r\n\r\n";
  options.streams = load.streams;
  options.requests = load.streams;
  const FloorResult result = run_floor(options);
  if (result.error.empty() && result.failed == 0 && result.responses == load.streams) return 0;
  fmt::print(stderr, "tokamark_drain: floor: {} of {} answers, {}\n", result.responses,
             load.streams, result.error);
  return 1;
}

int read_as_tokamark(const DrainLoad& load, const std::string& scheme, load::Receiving receiving) {
  workload::Schedule schedule;
  schedule.load.kind = workload::LoadKind::closed;
  schedule.load.concurrency = load.streams;
  schedule.prompts.push_back({"short", "hello", "", 0});
  schedule.requests.push_back({base::Nanos(0), 0, load.tokens});
  protocol::RequestShape shape;
  shape.path = "/v1/chat/completions";
  shape.api = "chat";
  const auto renderer = protocol::RequestRenderer::make(shape, schedule.prompts);
  const auto endpoint = net::resolve(fmt::format("{}://127.0.0.1:{}", scheme, load.port));
  if (!renderer.has_value() || !endpoint.has_value()) return 1;
  const std::atomic<bool> stop{false};
  load::LiveStats live;
  load::PlayOptions options;
  options.endpoint = endpoint.value();
  options.schedule = &schedule;
  options.renderer = &renderer.value();
  options.window.least_requests = load.streams;
  options.window.longest = std::chrono::hours(1);
  options.most_requests = load.streams;
  const base::Nanos patient = std::chrono::hours(1);
  options.timeouts = {patient, patient, patient, patient};
  options.receiving = receiving;
  options.stop = &stop;
  options.live = &live;
  const auto result = load::play(options);
  if (!result.has_value()) {
    fmt::print(stderr, "tokamark_drain: {}\n", result.error().message);
    return 1;
  }
  const auto& records = result.value().records;
  const auto complete = std::count_if(records.begin(), records.end(), [](const auto& record) {
    return record.status == record::RequestStatus::succeeded;
  });
  if (complete == static_cast<std::ptrdiff_t>(load.streams)) return 0;
  fmt::print(stderr, "tokamark_drain: tokamark: {} of {} answers: {}\n", complete, load.streams,
             records.empty() ? "" : records.front().error_message);
  return 1;
}

}  // namespace

const char* to_word(DrainClient client) {
  switch (client) {
    case DrainClient::floor:
      return "floor";
    case DrainClient::tokamark:
      return "tokamark";
    case DrainClient::tokamark_io_uring:
      return "tokamark_io_uring";
    case DrainClient::tokamark_tls:
      return "tokamark_tls";
    case DrainClient::tokamark_tls_io_uring:
      return "tokamark_tls_io_uring";
  }
  return "";
}

bool uses_tls(DrainClient client) {
  return client == DrainClient::tokamark_tls || client == DrainClient::tokamark_tls_io_uring;
}

int run_drain_client(DrainClient client, const DrainLoad& load) {
  if (client == DrainClient::floor) return read_as_floor(load);
  const bool tls = uses_tls(client);
  const bool ring =
      client == DrainClient::tokamark_io_uring || client == DrainClient::tokamark_tls_io_uring;
  if (tls) ::setenv("SSL_CERT_FILE", load.certificate_file.c_str(), 1);
  return read_as_tokamark(load, tls ? "https" : "http",
                          ring ? load::Receiving::io_uring : load::Receiving::epoll);
}

}  // namespace tokamark::bench
