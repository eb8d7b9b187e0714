#include "sim/server.h"

#include <fmt/format.h>

#include <future>
#include <utility>

#include "sim/server_loop.h"

namespace tokamark::sim {

base::Result<void> serve(const SimOptions& options, const std::atomic<bool>& stop,
                         std::function<void(std::uint16_t)> on_ready) {
  if (!(options.speed > 0)) {
    return base::Error{base::ErrorKind::usage,
                       fmt::format("the speed must be above 0, not {}", options.speed)};
  }
  TOKAMARK_TRY(auto profile, find_profile(options.profile));
  if (options.max_sequences > profile.engine.tokens_per_step) {
    return base::Error{base::ErrorKind::usage,
                       fmt::format("a batch of {} requests does not fit a step of {} tokens",
                                   options.max_sequences, profile.engine.tokens_per_step)};
  }
  if (options.max_sequences > 0) profile.engine.max_sequences = options.max_sequences;
  std::vector<FaultSpec> faults;
  for (const std::string& text : options.faults) {
    TOKAMARK_TRY(auto fault, parse_fault(text));
    faults.push_back(std::move(fault));
  }
  TruthLog truth;
  if (!options.truth_file.empty()) {
    TOKAMARK_TRY(auto opened, TruthLog::open(options.truth_file));
    truth = std::move(opened);
  }
  std::string model = options.served_model.empty() ? profile.default_model : options.served_model;
  ServerLoop loop(
      {std::move(profile), std::move(model), options.speed, std::move(faults), options.fault_seed},
      std::move(truth));
  TOKAMARK_TRY_VOID(loop.bind(options.host, options.port));
  return loop.run(stop, options.startup_delay, std::move(on_ready));
}

base::Result<std::unique_ptr<SimServer>> SimServer::start(const SimOptions& options) {
  std::unique_ptr<SimServer> server(new SimServer(options));
  // Carries 0 when serving ended before it was ready. Moved into the thread, which may still be
  // inside set_value when this function returns.
  std::promise<std::uint16_t> ready;
  std::future<std::uint16_t> port = ready.get_future();
  server->thread_ = std::thread([self = server.get(), ready = std::move(ready)]() mutable {
    bool told = false;
    self->ended_ = serve(self->options_, self->stop_, [&](std::uint16_t bound) {
      told = true;
      ready.set_value(bound);
    });
    if (!told) ready.set_value(0);
  });
  server->port_ = port.get();
  if (server->port_ == 0) {
    TOKAMARK_TRY_VOID(server->stop());
    return base::Error{base::ErrorKind::internal, "the simulated engine ended before it served"};
  }
  return server;
}

SimServer::~SimServer() { static_cast<void>(stop()); }

std::string SimServer::base_url() const {
  return fmt::format("http://{}:{}", options_.host, port_);
}

base::Result<void> SimServer::stop() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
  return *ended_;
}

}  // namespace tokamark::sim
