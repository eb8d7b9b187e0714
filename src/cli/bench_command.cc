#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/study_session.h"
#include "study/study.h"

namespace tokamark::cli {

namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;
using nlohmann::json;

/// Longest window of a bench that is asked for a number of requests and not for a time.
constexpr double kRequestsOnlyLimit_s = 3600.0;

struct BenchFlags {
  std::string url, model, api = "chat", arrivals = "poisson", prompts, slo, api_key_env, output;
  std::string receive = "epoll";
  std::string json_file;
  std::vector<std::uint32_t> concurrency;
  std::vector<double> rates;
  std::vector<std::string> headers;
  std::uint32_t input_tokens = 128, output_tokens = 128, requests = 0;
  double duration_s = 30.0, warmup_s = 5.0, calibration_s = 1.0;
  std::uint64_t seed = 1;
  bool requests_given = false, duration_given = false, ignore_checks = false;
};

base::Result<json> header_map(const std::vector<std::string>& headers) {
  json map = json::object();
  for (const std::string& header : headers) {
    const std::size_t colon = header.find(':');
    if (colon == std::string::npos || colon == 0) {
      return Error{ErrorKind::usage, "--header " + header + ": write NAME:VALUE"};
    }
    const std::size_t value = header.find_first_not_of(' ', colon + 1);
    map[header.substr(0, colon)] = value == std::string::npos ? "" : header.substr(value);
  }
  return map;
}

json slo_json(const study::SloSpec& slo) {
  json limits = json::object();
  if (slo.ttft_ms) limits["ttft_ms"] = *slo.ttft_ms;
  if (slo.tpot_ms) limits["tpot_ms"] = *slo.tpot_ms;
  if (slo.e2e_ms) limits["e2e_ms"] = *slo.e2e_ms;
  return limits;
}

/// The bench as the study it stands for; JSON is YAML, so the study reader checks it.
base::Result<json> study_of(const BenchFlags& flags) {
  json engine = {{"name", "server"}, {"kind", "openai"}, {"url", flags.url}, {"api", flags.api}};
  TOKAMARK_TRY(const json headers, header_map(flags.headers));
  if (!headers.empty()) engine["headers"] = headers;
  if (!flags.api_key_env.empty()) engine["api_key_env"] = flags.api_key_env;

  json workload = {{"name", "bench"}, {"output_tokens", flags.output_tokens}};
  if (flags.prompts.empty()) {
    workload["input_tokens"] = flags.input_tokens;
  } else {
    workload["prompts"] = fs::absolute(flags.prompts).string();
  }

  json load = json::object();
  if (!flags.rates.empty()) {
    load["rate_per_s"] = flags.rates;
    load["arrivals"] = flags.arrivals;
  } else {
    load["concurrency"] =
        flags.concurrency.empty() ? std::vector<std::uint32_t>{1} : flags.concurrency;
  }
  json window = {
      {"warmup_s", flags.warmup_s}, {"seconds", flags.duration_s}, {"requests", flags.requests}};
  if (flags.requests_given && !flags.duration_given) {
    window["seconds"] = 0.1;
    window["max_seconds"] = kRequestsOnlyLimit_s;
  }
  json study = {{"name", "bench"},
                {"seed", flags.seed},
                {"engines", {engine}},
                {"workloads", {workload}},
                {"load", load},
                {"window", window},
                {"repeats", 1},
                {"client", {{"calibration_s", flags.calibration_s}, {"receive", flags.receive}}}};
  if (!flags.model.empty()) study["model"] = {{"name", flags.model}};
  if (!flags.slo.empty()) {
    TOKAMARK_TRY(const study::SloSpec slo, study::parse_slo(flags.slo));
    study["slo"] = slo_json(slo);
  }
  return study;
}

/// A flag that the study reader refuses is bad usage, and its place in a text that the user never
/// saw says nothing. A prompts file is input of its own.
base::Result<void> check_flags(const StudyRequest& request) {
  const auto study = study::parse_study(request.text, request.file, request.folder, {});
  if (study.has_value()) return base::ok();
  const std::string& message = study.error().message;
  const std::size_t place = message.find(": ");
  if (message.find(".prompts") != std::string::npos || place == std::string::npos) {
    return study.error();
  }
  return Error{ErrorKind::usage, "bench: " + message.substr(place + 2)};
}

base::Result<void> bench(const BenchFlags& flags, const Invocation& invocation) {
  TOKAMARK_TRY(const json study, study_of(flags));
  StudyRequest request;
  request.file = "bench";
  request.text = study.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
  request.folder = fs::current_path();
  TOKAMARK_TRY_VOID(check_flags(request));
  SessionOptions options;
  options.output = flags.output;
  options.json = flags.json_file;
  options.checks = flags.ignore_checks ? CheckRule::ignore : CheckRule::refuse;
  options.command_line = invocation.command_line;
  return start_study(request, options);
}

void add_load_flags(CLI::App& command, BenchFlags& flags) {
  auto* streams = command
                      .add_option("-c,--concurrency", flags.concurrency,
                                  "Closed loop: requests in flight, as in 1,10,50 (default 1)")
                      ->delimiter(',')
                      ->type_name("N,...");
  command.add_option("--rate", flags.rates, "Open loop: requests per second, as in 2,4,8")
      ->delimiter(',')
      ->excludes(streams)
      ->type_name("R,...");
  command
      .add_option("--arrivals", flags.arrivals,
                  "Gaps of an open loop: constant, poisson or gamma:CV")
      ->capture_default_str();
  auto* prompts =
      command.add_option("--prompts", flags.prompts, "Prompts file: .txt, .jsonl, .json or .yaml")
          ->type_name("FILE");
  command.add_option("--input-tokens", flags.input_tokens, "Length of synthetic prompts")
      ->excludes(prompts)
      ->capture_default_str();
  command.add_option("--output-tokens", flags.output_tokens, "Length of every answer")
      ->capture_default_str();
}

void add_window_flags(CLI::App& command, BenchFlags& flags) {
  const std::map<std::string, double> units{{"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3600}};
  command.add_option("--duration", flags.duration_s, "Length of the measured window (default 30s)")
      ->transform(CLI::AsNumberWithUnit(units, CLI::AsNumberWithUnit::CASE_SENSITIVE, "TIME"))
      ->each([&flags](const std::string&) { flags.duration_given = true; });
  command
      .add_option("--requests", flags.requests,
                  "Least requests in the window; alone, it ends the window")
      ->each([&flags](const std::string&) { flags.requests_given = true; });
  command.add_option("--warmup", flags.warmup_s, "Load before the window (default 5s)")
      ->transform(CLI::AsNumberWithUnit(units, CLI::AsNumberWithUnit::CASE_SENSITIVE, "TIME"));
  command
      .add_option("--slo", flags.slo,
                  "Limits of a good request, as in \"ttft_ms <= 200, tpot_ms <= 50\"")
      ->type_name("EXPR");
  command
      .add_option("--calibration", flags.calibration_s,
                  "Length of the client's calibration before and after each load; 0 = none "
                  "(default 1s)")
      ->transform(CLI::AsNumberWithUnit(units, CLI::AsNumberWithUnit::CASE_SENSITIVE, "TIME"));
  command
      .add_option("--receive", flags.receive,
                  "How the load generator receives: epoll or io_uring (Linux 6.1)")
      ->check(CLI::IsMember({"epoll", "io_uring"}))
      ->capture_default_str();
  command.add_option("--seed", flags.seed, "Seed of prompts, lengths and arrivals")
      ->capture_default_str();
}

}  // namespace

void add_bench(CLI::App& program, const Invocation& invocation, Action& action) {
  auto flags = std::make_shared<BenchFlags>();
  CLI::App* command =
      program.add_subcommand("bench", "Measure a server that already runs; no study file needed");
  command->add_option("--url", flags->url, "Base URL, as in http://127.0.0.1:8000")->required();
  command->add_option("--model", flags->model,
                      "Model name (default: the first that /v1/models lists)");
  command->add_option("--api", flags->api, "Which API to use")
      ->check(CLI::IsMember({"chat", "completions"}))
      ->capture_default_str();
  add_load_flags(*command, *flags);
  add_window_flags(*command, *flags);
  command->add_option("--header", flags->headers, "Extra request header; may be repeated")
      ->type_name("NAME:VALUE");
  command
      ->add_option("--api-key-env", flags->api_key_env,
                   "Environment variable that holds the API key")
      ->type_name("VAR");
  command
      ->add_option("--output", flags->output, "Results folder (default: results/bench-<UTC time>)")
      ->type_name("DIR");
  command
      ->add_option("--json", flags->json_file,
                   "Copy of results.json; - writes it to standard output")
      ->type_name("FILE");
  command->add_flag("--ignore-checks", flags->ignore_checks, kIgnoreChecksHelp);
  command->callback([flags, invocation, &action] {
    action = [flags, invocation] { return bench(*flags, invocation); };
  });
}

}  // namespace tokamark::cli
