// The keys of the study file. docs/STUDY_FILE.md says the same in prose.
#include <fmt/core.h>

#include <utility>

#include "analysis/thresholds.h"
#include "comparison/metric.h"
#include "engine/settings.h"
#include "study/kinds.h"
#include "study/rules.h"
#include "study/text_forms.h"

namespace tokamark::study {

namespace {

constexpr double kDay = 86'400.0;
/// The greatest whole number that every JSON reader keeps exactly.
constexpr double kMaxSeed = 9'007'199'254'740'991.0;

ValueRule of_shape(Shape shape) {
  ValueRule rule;
  rule.shape = shape;
  return rule;
}

ValueRule text(TextForm form = not_empty_form()) {
  ValueRule rule = of_shape(Shape::text);
  rule.form = std::move(form);
  return rule;
}

ValueRule any_text() { return of_shape(Shape::any_text); }

ValueRule word_of(std::vector<std::string> words) {
  ValueRule rule = of_shape(Shape::text);
  rule.words = std::move(words);
  return rule;
}

ValueRule range(Shape shape, double least, double most, Bound lower = Bound::included) {
  ValueRule rule = of_shape(shape);
  rule.least = least;
  rule.most = most;
  rule.lower = lower;
  return rule;
}

ValueRule whole(double least, double most) { return range(Shape::whole, least, most); }
ValueRule number(double least, double most) { return range(Shape::number, least, most); }
ValueRule above_zero(double most) { return range(Shape::number, 0.0, most, Bound::excluded); }

ValueRule list_of(ValueRule item, std::size_t least_items, std::size_t most_items) {
  ValueRule rule = of_shape(Shape::list);
  rule.item = std::make_shared<const ValueRule>(std::move(item));
  rule.least_items = least_items;
  rule.most_items = most_items;
  return rule;
}

ValueRule mapping(MappingRule keys) {
  ValueRule rule = of_shape(Shape::mapping);
  rule.mapping = std::make_shared<const MappingRule>(std::move(keys));
  return rule;
}

KeyRule required(std::string name, ValueRule rule, std::string meaning) {
  return {std::move(name), Need::required, nullptr, {std::move(rule)}, std::move(meaning)};
}

KeyRule optional(std::string name, ValueRule rule, std::string meaning) {
  return {std::move(name), Need::optional, nullptr, {std::move(rule)}, std::move(meaning)};
}

KeyRule defaulted(std::string name, nlohmann::json fallback, ValueRule rule, std::string meaning) {
  return {
      std::move(name), Need::optional, std::move(fallback), {std::move(rule)}, std::move(meaning)};
}

/// Adds the form "one value" to a key that takes a list.
KeyRule or_single(KeyRule key) {
  key.forms.push_back(*key.forms.front().item);
  return key;
}

MappingRule model_rules() {
  MappingRule rules;
  rules.keys = {
      required("name", text(), "Served name; also what is loaded when path is absent."),
      optional("path", text(), "Local folder, GGUF file or hub id to load."),
      optional("revision", text(), "Revision on the hub."),
      optional("precision", text(), "Precision of the weights, as in fp8 or bf16; sizes them."),
      optional("parameters_b", above_zero(1e5), "Parameters, in billions."),
      optional("active_parameters_b", above_zero(1e5), "Parameters a token uses, in billions."),
  };
  return rules;
}

MappingRule settings_rules() {
  MappingRule rules;
  for (const engine::SettingInfo& info : engine::all_settings()) {
    ValueRule rule;
    switch (info.type) {
      case engine::SettingType::whole:
        rule = whole(info.least, info.most);
        break;
      case engine::SettingType::share:
        rule = range(Shape::number, info.least, info.most, Bound::excluded);
        break;
      case engine::SettingType::word:
        rule = text();
        break;
      case engine::SettingType::flag:
        rule = of_shape(Shape::flag);
        break;
    }
    rules.keys.push_back(optional(info.key, std::move(rule), info.meaning));
  }
  return rules;
}

MappingRule arm_rules() {
  MappingRule rules;
  rules.keys = {
      required("name", text(name_form()), "Unique name; engines of several arms carry it."),
      defaulted("defaults", "neutral", word_of({"neutral", "shipped"}),
                "What counts where nothing is set: neutral conditions, or the engine's own."),
      optional("settings", mapping(settings_rules()), "What every engine of the arm is asked for."),
      optional("budget", text(), "What tuning was allowed to cost, in words; for the report."),
  };
  return rules;
}

MappingRule fairness_rules() {
  MappingRule rules;
  rules.keys = {
      optional("intended", list_of(text(), 1, 100),
               "Differences between engines that are meant, by their names in the table."),
  };
  return rules;
}

MappingRule comparison_rules() {
  std::vector<std::string> names;
  for (const comparison::Metric& metric : comparison::all_metrics()) {
    names.emplace_back(metric.name);
  }
  MappingRule rules;
  rules.keys = {
      optional("primary", list_of(word_of(std::move(names)), 1, 20),
               "Metrics that verdicts and winners are about, said before the run."),
  };
  return rules;
}

std::vector<KeyRule> engine_launch_keys() {
  return {
      defaulted("host", "127.0.0.1", text(), "Address the engine listens on."),
      optional("port", whole(1, 65535), "Port the engine listens on; absent = the kind's default."),
      optional("venv", text(), "Python environment that holds the engine."),
      optional("binary", text(), "Program to run instead of the one that is found."),
      optional("image", text(), "Container image that holds the engine."),
      optional("container_runtime", word_of({"docker", "podman"}),
               "What starts the image; absent = the one that is found."),
      defaulted("container_args", nlohmann::json::array(), list_of(any_text(), 0, 1000),
                "Arguments added to the runtime's run."),
      optional("model", text(), "Model to load instead of model.path, as in a GGUF file."),
      optional("profile", text(), "Profile of the simulated engine."),
      defaulted("args", nlohmann::json::array(), list_of(any_text(), 0, 1000),
                "Arguments appended to the launch line as they are."),
      defaulted("env", nlohmann::json::object(), of_shape(Shape::texts),
                "Environment variables of the engine."),
      optional("version", any_text(), "Version wanted; another version is an error."),
      optional("settings", mapping(settings_rules()),
               "What this engine is asked for beyond the study's settings."),
      optional("arms", list_of(text(name_form()), 1, 16),
               "The arms that it takes part in; absent = all."),
      defaulted("start_timeout_s", 1200, whole(1, kDay), "Longest wait for the first token."),
      defaulted("stop_timeout_s", 60, whole(1, 3600), "Longest wait after SIGTERM."),
  };
}

MappingRule engine_rules() {
  MappingRule rules;
  rules.keys = {
      required("name", text(name_form()), "Unique name; used in tables, ids and file names."),
      required("kind", word_of(study_kinds()), "What it is and how it is started."),
      optional("url", text(url_form()), "Base URL of a running server (kind openai)."),
      defaulted("api", "chat", word_of({"chat", "completions"}), "Which OpenAI route is measured."),
      defaulted("headers", nlohmann::json::object(), of_shape(Shape::texts),
                "Extra headers of every request."),
      optional("api_key_env", text(variable_form()),
               "Environment variable that holds the API key."),
  };
  for (KeyRule& key : engine_launch_keys()) rules.keys.push_back(std::move(key));
  rules.needs = {{"kind", "openai", "url"}, {"kind", "simulated", "profile"}};
  rules.only_with = {{"url", "kind", {"openai"}}, {"profile", "kind", {"simulated"}}};
  return rules;
}

KeyRule length_key(KeyRule key, double most) {
  MappingRule table;
  table.keys = {
      optional("uniform", list_of(whole(1, most), 2, 2),
               "Least and greatest length, both included."),
      optional("quantiles", list_of(list_of(number(0, most), 2, 2), 2, 10'000),
               "Pairs [probability, length], rising in both; linear between points."),
  };
  table.exactly_one = {"uniform", "quantiles"};
  key.forms = {whole(1, most), mapping(std::move(table))};
  return key;
}

MappingRule workload_rules() {
  MappingRule rules;
  rules.keys = {
      required("name", text(name_form()), "Unique name; used in tables, ids and file names."),
      optional("prompts", text(), "Prompts file: .yaml, .json, .jsonl or .txt."),
      optional("categories", list_of(text(), 1, 1000), "Keep only these categories of prompts."),
      length_key(optional("input_tokens", {}, "Length of synthetic prompts, in tokens."), 1e7),
      length_key(required("output_tokens", {}, "Length of the answers, in tokens."), 1e6),
      defaulted("output_rule", "exact", word_of({"exact", "natural"}),
                "exact: every answer has that length. natural: the model stops, at most there."),
      defaulted("salt", true, of_shape(Shape::flag),
                "Start every request with its own words, so that no prefix cache can help."),
      defaulted("temperature", 0.0, number(0, 2), "Sampling temperature; 0 is greedy."),
  };
  rules.exactly_one = {"prompts", "input_tokens"};
  return rules;
}

MappingRule load_rules() {
  MappingRule rules;
  rules.keys = {
      or_single(optional("concurrency", list_of(whole(1, 100'000), 1, 1000),
                         "Closed loads: so many requests in flight.")),
      or_single(optional("rate_per_s", list_of(above_zero(100'000), 1, 1000),
                         "Open loads: so many requests a second, whatever the server does.")),
      optional("arrivals", text(arrivals_form()),
               "Gaps of open loads: constant, poisson (default), gamma or gamma:CV."),
      optional("gamma_cv", above_zero(10), "Coefficient of variation of gamma gaps; 1 is Poisson."),
      optional("seed", whole(0, kMaxSeed), "The study's seed; here or at the top."),
  };
  rules.exactly_one = {"concurrency", "rate_per_s"};
  return rules;
}

MappingRule window_rules() {
  MappingRule rules;
  rules.keys = {
      defaulted("warmup_s", 30.0, number(0, kDay), "Least warm-up under load, in seconds."),
      optional("warmup_requests", whole(0, 1e6),
               "Least warm-up in requests; absent = twice the concurrency."),
      defaulted("seconds", 60.0, above_zero(7 * kDay), "Least length of the window, in seconds."),
      defaulted("requests", 1000, whole(0, 1e6), "Least requests in the window; 0 = no floor."),
      defaulted("max_seconds", 0.0, number(0, 7 * kDay),
                "Longest window, in seconds; 0 = ten times seconds."),
      defaulted("probes", 5, whole(0, 1000),
                "Single requests before the load; from 40 on, until they settle."),
  };
  return rules;
}

MappingRule timeout_rules() {
  MappingRule rules;
  rules.keys = {
      defaulted("connect_s", 10.0, above_zero(3600), "Longest wait for a connection."),
      defaulted("first_byte_s", 300.0, above_zero(kDay), "Longest wait for the first byte."),
      defaulted("inter_chunk_s", 120.0, above_zero(kDay), "Longest silence inside an answer."),
      defaulted("total_s", 600.0, above_zero(kDay), "Longest time of a request as a whole."),
      defaulted("cooldown_s", 300.0, number(0, kDay),
                "Longest wait for the GPUs to cool before an engine is started."),
  };
  return rules;
}

MappingRule slo_rules() {
  MappingRule rules;
  rules.keys = {
      optional("ttft_ms", above_zero(1e9), "Limit on the time to the first token."),
      optional("tpot_ms", above_zero(1e9), "Limit on the time per further token."),
      optional("e2e_ms", above_zero(1e9), "Limit on the time of the whole request."),
  };
  return rules;
}

MappingRule hardware_rules() {
  MappingRule rules;
  rules.keys = {
      optional("gpu", text(), "What the engines run on, in words."),
      optional("price_per_hour_usd", number(0, 1e6), "Price of the machine, in US dollars."),
      optional("price_date", text(), "When that was the price, as in 2026-11-01."),
  };
  return rules;
}

MappingRule client_rules() {
  MappingRule rules;
  KeyRule pin = defaulted("pin", "auto", word_of({"auto", "none"}),
                          "Cores of the load threads: auto, none, or a list of one for each.");
  pin.forms.push_back(list_of(whole(0, 1023), 1, 256));
  rules.keys = {defaulted("threads", 1, whole(1, 256), "Threads of the load generator."),
                std::move(pin),
                defaulted("receive", "epoll", word_of({"epoll", "io_uring"}),
                          "How load threads receive; io_uring needs Linux 6.1."),
                defaulted("calibration_s", 1.0, number(0, 60),
                          "Length of the calibrations before and after a trial; 0 = none.")};
  return rules;
}

MappingRule validity_rules() {
  const analysis::Thresholds defaults;
  MappingRule rules;
  for (const analysis::ThresholdInfo& info : analysis::all_thresholds()) {
    rules.keys.push_back(defaulted(std::string(info.key), defaults.*info.value,
                                   number(0, info.most),
                                   fmt::format("{}: {}", info.code, info.meaning)));
  }
  return rules;
}

MappingRule top_rules() {
  const nlohmann::json defaults = nlohmann::json::object();
  MappingRule rules;
  rules.keys = {
      optional("name", text(name_form()), "Name of the study; absent = the file's name."),
      defaulted("repeats", 1, whole(1, 1000), "Blocks: each visits every engine once."),
      defaulted("runs_per_start", 1, whole(1, 100),
                "Runs of every workload and load within one start of an engine."),
      optional("seed", whole(0, kMaxSeed), "Seed of everything that is random; default 1."),
      optional("model", mapping(model_rules()),
               "The model under test; absent = the first that an attached server lists."),
      required("engines", list_of(mapping(engine_rules()), 1, 64), "The engines to compare."),
      optional("settings", mapping(settings_rules()),
               "What every engine is asked for, each in its own flags."),
      optional("arms", list_of(mapping(arm_rules()), 1, 16),
               "Ways in which the engines are set up, compared apart; absent = one, neutral."),
      defaulted("fairness", defaults, mapping(fairness_rules()),
                "Which differences between the engines are meant."),
      defaulted("comparison", defaults, mapping(comparison_rules()), "What is compared."),
      required("workloads", list_of(mapping(workload_rules()), 1, 256), "What is asked of them."),
      required("load", mapping(load_rules()), "How much is asked at a time."),
      defaulted("window", defaults, mapping(window_rules()), "What is measured of a trial."),
      defaulted("timeouts", defaults, mapping(timeout_rules()), "When a request is given up."),
      defaulted("slo", defaults, mapping(slo_rules()), "A request is good when it meets these."),
      defaulted("hardware", defaults, mapping(hardware_rules()), "Where it runs; for the report."),
      defaulted("client", defaults, mapping(client_rules()), "Settings of the load generator."),
      defaulted("validity", defaults, mapping(validity_rules()), "Limits of a valid trial."),
  };
  return rules;
}

}  // namespace

const MappingRule& study_rules() {
  static const MappingRule rules = top_rules();
  return rules;
}

}  // namespace tokamark::study
