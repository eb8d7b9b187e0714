#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "drain/certificate.h"
#include "drain/drain_server.h"
#include "net/receive_ring.h"

namespace {

using namespace tokamark::bench;

struct Spread {
  double median = 0, least = 0, most = 0;
};

Spread spread_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  return {n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2, values.front(),
          values.back()};
}

std::string json_of(const Spread& spread) {
  return fmt::format(R"({{"median":{:.4f},"min":{:.4f},"max":{:.4f}}})", spread.median,
                     spread.least, spread.most);
}

/// Every client once per repeat, alternating; ratios are taken within a repeat.
int measure(const DrainOptions& options, const std::vector<DrainClient>& clients,
            std::uint32_t repeats) {
  std::vector<std::vector<double>> costs(clients.size());
  for (std::uint32_t repeat = 0; repeat < repeats; ++repeat) {
    for (std::size_t i = 0; i < clients.size(); ++i) {
      const DrainRun run = run_drain(clients[i], options);
      if (!run.error.empty()) {
        fmt::print(stderr, "tokamark_drain: {}: {}\n", to_word(clients[i]), run.error);
        return 1;
      }
      costs[i].push_back(run.us_per_event());
      fmt::print(stderr, "{} {}: {:.2f} us an event\n", repeat + 1, to_word(clients[i]),
                 run.us_per_event());
    }
  }
  std::string text = fmt::format(
      R"({{"program":"tokamark_drain","streams":{},"rounds":{},"repeats":{},"cpu_us_per_event":{{)",
      options.streams, options.rounds, repeats);
  std::string ratios;
  for (std::size_t i = 0; i < clients.size(); ++i) {
    const char* comma = i == 0 ? "" : ",";
    text += fmt::format(R"({}"{}":{})", comma, to_word(clients[i]), json_of(spread_of(costs[i])));
    if (i == 0) continue;
    std::vector<double> ratio;
    for (std::uint32_t r = 0; r < repeats; ++r) ratio.push_back(costs[i][r] / costs[0][r]);
    ratios += fmt::format(R"({}"{}":{})", ratios.empty() ? "" : ",", to_word(clients[i]),
                          json_of(spread_of(ratio)));
  }
  fmt::print("{}}},\"ratio_to_floor\":{{{}}}}}\n", text, ratios);
  return 0;
}

/// One run that must succeed; its error is printed.
bool run_memory(DrainClient client, DrainOptions options, std::uint32_t streams,
                std::uint32_t rounds, double& bytes) {
  options.streams = streams;
  options.rounds = rounds;
  options.client = DrainOptions::Client::runs;
  const DrainRun run = run_drain(client, options);
  if (!run.error.empty()) {
    fmt::print(stderr, "tokamark_drain: {}: {}\n", to_word(client), run.error);
  }
  bytes = run.memory_bytes;
  return run.error.empty();
}

/// What a kept token and a stream without its tokens weigh, as differences between runs: of long
/// and short answers, and of many and few streams.
int measure_memory(const DrainOptions& options, const std::vector<DrainClient>& clients) {
  const std::uint32_t few = options.streams / 4, brief = options.rounds, lengthy = brief * 5;
  std::string text;
  for (const DrainClient client : clients) {
    if (client == DrainClient::floor) continue;
    double small = 0, large = 0, grown = 0;
    if (!run_memory(client, options, few, brief, small) ||
        !run_memory(client, options, options.streams, brief, large) ||
        !run_memory(client, options, options.streams, lengthy, grown)) {
      return 1;
    }
    const double token = (grown - large) / options.streams / (lengthy - brief);
    const double stream = (large - small) / (options.streams - few) - token * brief;
    text += fmt::format(R"({}"{}":{{"bytes_per_stream":{:.0f},"bytes_per_token":{:.2f}}})",
                        text.empty() ? "" : ",", to_word(client), stream, token);
  }
  fmt::print("{{\"program\":\"tokamark_drain\",\"streams\":{},\"rounds\":{},\"memory\":{{{}}}}}\n",
             options.streams, options.rounds, text);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App program("CPU per event at one chunk a read: tokamark against the floor. Prints JSON.");
  DrainOptions options;
  std::uint32_t repeats = 5;
  bool no_tls = false, memory = false;
  program.add_option("--streams", options.streams, "Streams")->capture_default_str();
  program.add_option("--rounds", options.rounds, "Chunks of every stream")->capture_default_str();
  program.add_option("--repeats", repeats, "Runs of every client")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  program.add_flag("--no-tls", no_tls, "Leave the TLS client out");
  program.add_flag("--memory", memory, "Measure memory instead: a stream's and a token's");
  CLI11_PARSE(program, argc, argv);
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);

  std::vector<DrainClient> clients{DrainClient::floor, DrainClient::tokamark};
  const auto ring = tokamark::net::ReceiveRing::make(-1, 0);
  if (ring.has_value()) {
    clients.push_back(DrainClient::tokamark_io_uring);
  } else {
    fmt::print(stderr, "tokamark_drain: io_uring is left out: {}\n", ring.error().message);
  }
  std::error_code ignored;
  options.certificate_file =
      (std::filesystem::temp_directory_path() / fmt::format("tokamark_drain-{}.pem", ::getpid()))
          .string();
  if (!no_tls) {
    clients.push_back(DrainClient::tokamark_tls);
    if (ring.has_value()) clients.push_back(DrainClient::tokamark_tls_io_uring);
    options.tls = make_server_tls(options.certificate_file);
  }
  const int status = memory ? measure_memory(options, clients) : measure(options, clients, repeats);
  if (options.tls != nullptr) SSL_CTX_free(options.tls);
  std::filesystem::remove(options.certificate_file, ignored);
  return status;
}
