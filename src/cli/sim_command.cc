#include <fmt/core.h>

#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "run/stop.h"
#include "sim/faults.h"
#include "sim/profile.h"
#include "sim/server.h"

namespace tokamark::cli {

namespace {

base::Result<void> serve(const sim::SimOptions& options) {
  const std::atomic<bool>& stop = run::install_stop_handlers("");
  return sim::serve(options, stop, [&options](std::uint16_t port) {
    fmt::print("SIMULATED engine {} on http://{}:{}\n", options.profile, options.host, port);
    std::fflush(stdout);
  });
}

std::string profile_list() {
  std::string list;
  for (const std::string& name : sim::profile_names()) list += "\n  " + name;
  return list;
}

}  // namespace

void add_sim(CLI::App& program, Action& action) {
  auto options = std::make_shared<sim::SimOptions>();
  options->port = 8990;
  options->profile = "tiny-vllm";
  auto startup_s = std::make_shared<double>(0.0);
  auto truth = std::make_shared<std::string>();
  CLI::App* command = program.add_subcommand(
      "sim", "Serve the simulated engine; everything that comes from it is SIMULATED");
  command
      ->add_option("--profile", options->profile,
                   "Model, GPU and engine to imitate; one of:" + profile_list())
      ->type_name("NAME")
      ->capture_default_str();
  command->add_option("--host", options->host, "Address to listen on")->capture_default_str();
  command->add_option("--port", options->port, "Port to listen on; 0 takes a free one")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  command->add_option("--served-model-name", options->served_model,
                      "Name in /v1/models (default: the profile's)");
  command
      ->add_option("--truth-file", *truth,
                   "Write the true emission time of every token, one JSON line per request")
      ->type_name("FILE");
  command->add_option("--speed", options->speed, "Divide every simulated duration by this")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command
      ->add_option("--max-sequences", options->max_sequences,
                   "Most requests in a batch (default: the profile's)")
      ->check(CLI::PositiveNumber);
  command->add_option("--startup-s", *startup_s, "Seconds before it is ready")
      ->check(CLI::NonNegativeNumber);
  command
      ->add_option("--fault", options->faults,
                   "Plant a fault, NAME[:key=value,...]; repeatable. Those of single requests also "
                   "take share= (of the requests, by default 1) and skip= (the first ones, by "
                   "default 0):" +
                       sim::fault_list())
      ->type_name("FAULT")
      ->allow_extra_args(false);
  command->add_option("--fault-seed", options->fault_seed, "Decides which requests faults strike")
      ->capture_default_str();
  command->callback([options, startup_s, truth, &action] {
    action = [options, startup_s, truth] {
      options->truth_file = *truth;
      options->startup_delay = base::from_seconds(*startup_s);
      return serve(*options);
    };
  });
}

}  // namespace tokamark::cli
