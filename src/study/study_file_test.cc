#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "study/study.h"

namespace tokamark::study {
namespace {

/// The least study, exactly as documentation shows it.
constexpr const char* kLeast =
    "model: {name: smollm2}\n"
    "engines:\n"
    "  - {name: a, kind: openai, url: \"http://127.0.0.1:9361\"}\n"
    "workloads:\n"
    "  - {name: chat, input_tokens: 32, output_tokens: 32}\n"
    "load: {concurrency: [8]}          # or rate_per_s: [2, 4], arrivals: poisson\n"
    "window: {warmup_s: 1, seconds: 5, requests: 0}\n"
    "repeats: 6\n";

/// The least study with one line replaced.
std::string with(std::size_t number, const std::string& line) {
  std::string text;
  std::istringstream lines(kLeast);
  std::string current;
  for (std::size_t i = 1; std::getline(lines, current); ++i) {
    text += (i == number ? line : current) + "\n";
  }
  return text;
}

std::string mistake(const std::string& yaml) {
  const auto study = parse_study(yaml, "s.yaml", ".", {});
  if (study.has_value()) return "no mistake";
  EXPECT_EQ(study.error().kind, base::ErrorKind::study);
  EXPECT_EQ(study.error().message.find('\n'), std::string::npos) << study.error().message;
  return study.error().message;
}

Study parsed(const std::string& yaml) {
  auto study = parse_study(yaml, "folder/my study.yaml", "folder", {});
  EXPECT_TRUE(study.has_value()) << study.error().message;
  return std::move(study).value();
}

TEST(StudyFile, ReadsTheLeastStudyAndFillsInTheDefaults) {
  const Study study = parsed(kLeast);
  EXPECT_EQ(study.name, "my-study");
  EXPECT_EQ(study.seed, 1U);
  EXPECT_EQ(study.repeats, 6U);
  EXPECT_EQ(study.model.name, "smollm2");
  ASSERT_EQ(study.engines.size(), 1U);
  EXPECT_EQ(study.engines[0].url, "http://127.0.0.1:9361");
  EXPECT_EQ(study.engines[0].api, "chat");
  EXPECT_EQ(study.engines[0].start_timeout, std::chrono::seconds(1200));
  ASSERT_EQ(study.workloads.size(), 1U);
  EXPECT_EQ(study.workloads[0].input_tokens.fixed, 32U);
  EXPECT_EQ(study.workloads[0].output_rule, OutputRule::exact);
  EXPECT_EQ(study.workloads[0].salt, workload::Salting::on);
  ASSERT_EQ(study.loads.size(), 1U);
  EXPECT_EQ(study.loads[0].concurrency, 8U);
  EXPECT_EQ(study.window.seconds, 5.0);
  EXPECT_EQ(study.window.requests, 0U);
  EXPECT_TRUE(study.slo.empty());
}

TEST(StudyFile, HasTheDefaultsThatItsTypesHave) {
  const Study study = parsed(with(7, ""));
  const WindowSpec window;
  EXPECT_EQ(study.window.warmup_s, window.warmup_s);
  EXPECT_EQ(study.window.seconds, window.seconds);
  EXPECT_EQ(study.window.requests, window.requests);
  EXPECT_EQ(study.window.max_seconds, window.max_seconds);
  EXPECT_EQ(study.window.probes, window.probes);
  EXPECT_FALSE(study.window.warmup_requests.has_value());
  const TimeoutSpec timeouts;
  EXPECT_EQ(study.timeouts.connect_s, timeouts.connect_s);
  EXPECT_EQ(study.timeouts.first_byte_s, timeouts.first_byte_s);
  EXPECT_EQ(study.timeouts.inter_chunk_s, timeouts.inter_chunk_s);
  EXPECT_EQ(study.timeouts.total_s, timeouts.total_s);
  const engine::EngineSpec engine;
  EXPECT_EQ(study.engines[0].host, engine.host);
  EXPECT_EQ(study.engines[0].api, engine.api);
  EXPECT_EQ(study.engines[0].start_timeout, engine.start_timeout);
  EXPECT_EQ(study.engines[0].stop_timeout, engine.stop_timeout);
  EXPECT_EQ(study.client.threads, ClientSpec().threads);
  EXPECT_EQ(study.workloads[0].temperature, WorkloadSpec().temperature);
}

TEST(StudyFile, ReadsOpenLoadsWithEachArrivals) {
  const Study poisson = parsed(with(6, "load: {rate_per_s: [2, 0.5], seed: 9}"));
  ASSERT_EQ(poisson.loads.size(), 2U);
  EXPECT_EQ(poisson.loads[1].rate_per_s, 0.5);
  EXPECT_EQ(poisson.loads[1].arrivals, workload::Arrivals::poisson);
  EXPECT_EQ(poisson.seed, 9U);
  const Study gamma = parsed(with(6, "load: {rate_per_s: 2, arrivals: gamma:1.5}"));
  EXPECT_EQ(gamma.loads[0].arrivals, workload::Arrivals::gamma);
  EXPECT_EQ(gamma.loads[0].gamma_cv, 1.5);
  const Study keyed = parsed(with(6, "load: {rate_per_s: [2], arrivals: gamma, gamma_cv: 3}"));
  EXPECT_EQ(keyed.loads[0].gamma_cv, 3.0);
  const Study constant = parsed(with(6, "load: {rate_per_s: [2], arrivals: constant}"));
  EXPECT_EQ(constant.loads[0].arrivals, workload::Arrivals::constant);
}

TEST(StudyFile, ReadsEveryKindOfLength) {
  const Study study =
      parsed(with(5,
                  "  - {name: w, input_tokens: {uniform: [16, 64]}, "
                  "output_tokens: {quantiles: [[0.1, 5], [0.5, 129], [0.99, 601]]}}"));
  EXPECT_EQ(study.workloads[0].input_tokens.low, 16U);
  EXPECT_EQ(study.workloads[0].input_tokens.high, 64U);
  ASSERT_EQ(study.workloads[0].output_tokens.table.size(), 3U);
  EXPECT_EQ(study.workloads[0].output_tokens.table[1].second, 129U);
}

TEST(StudyFile, ReadsEngineArgumentsAndVariablesAsTheyAreWritten) {
  const Study study = parsed(
      with(3,
           "  - {name: v, kind: vllm, venv: ../env, binary: bin/x, version: 0.10, port: 8000, "
           "args: [-c, 8192, --rate, 0.50, --on, true], env: {A: 1, B: off}}"));
  const engine::EngineSpec& spec = study.engines[0];
  EXPECT_EQ(spec.venv, "env");
  EXPECT_EQ(spec.binary, "folder/bin/x");
  EXPECT_EQ(spec.version, "0.10");
  EXPECT_EQ(spec.args, (std::vector<std::string>{"-c", "8192", "--rate", "0.50", "--on", "true"}));
  EXPECT_EQ(spec.env.at("A"), "1");
  EXPECT_EQ(spec.env.at("B"), "off");
}

TEST(StudyFile, TakesTheRoutePrefixOffAUrl) {
  const Study study = parsed(with(3, "  - {name: a, kind: openai, url: \"http://h:1/v1/\"}"));
  EXPECT_EQ(study.engines[0].url, "http://h:1");
  EXPECT_EQ(parsed(with(3, "  - {name: a, kind: openai, url: \"http://v1\"}")).engines[0].url,
            "http://v1");  // a host of that name
}

TEST(StudyFile, KeepsHubIdsAndResolvesPathsOfModels) {
  EXPECT_EQ(parsed(with(1, "model: {name: m, path: org/model}")).model.path, "org/model");
  EXPECT_EQ(parsed(with(1, "model: {name: m, path: ../m.gguf}")).model.path, "m.gguf");
  EXPECT_EQ(parsed(with(1, "model: {name: m, path: /abs/m}")).model.path, "/abs/m");
}

TEST(StudyFile, NamesTheNearestKeyForAnUnknownOne) {
  EXPECT_EQ(mistake(with(7, "window: {warmups: 1, seconds: 5}")),
            "s.yaml:7:10: unknown key \"warmups\" in window; did you mean \"warmup_s\"? Known "
            "keys: max_seconds, probes, requests, seconds, warmup_requests, warmup_s");
  EXPECT_EQ(mistake(with(3, "  - {name: a, kind: openai, ulr: \"http://h\"}")).substr(0, 76),
            "s.yaml:3:29: unknown key \"ulr\" in engines[0]; did you mean \"url\"? Known keys");
  EXPECT_EQ(mistake(with(8, "concurrency: 3")).substr(0, 93),
            "s.yaml:8:1: unknown key \"concurrency\" at the top level; it belongs under \"load\". "
            "Known keys: ");
}

TEST(StudyFile, SaysWhatWasExpectedAndWhatWasFound) {
  EXPECT_EQ(mistake(with(7, "window: {seconds: soon}")),
            "s.yaml:7:19: window.seconds: expected a number above 0 and up to 604800, found the "
            "text \"soon\"");
  EXPECT_EQ(mistake(with(8, "repeats: 1.5")),
            "s.yaml:8:10: repeats: expected a whole number from 1 to 1000, found the number 1.5");
  EXPECT_EQ(mistake(with(8, "repeats: \"6\"")),
            "s.yaml:8:10: repeats: expected a whole number from 1 to 1000, found the text \"6\"");
  EXPECT_EQ(mistake(with(8, "repeats:")),
            "s.yaml:8:1: repeats: expected a whole number from 1 to 1000, found nothing");
  EXPECT_EQ(mistake(with(1, "model: smollm2")),
            "s.yaml:1:8: model: expected a mapping of keys to values, found the text \"smollm2\"");
  EXPECT_EQ(mistake(with(6, "load: {concurrency: {a: 1}}")),
            "s.yaml:6:21: load.concurrency: expected a list, or a whole number from 1 to 100000, "
            "found a mapping");
  EXPECT_EQ(mistake(with(6, "load: {concurrency: [1, -2]}")),
            "s.yaml:6:25: load.concurrency[1]: expected a whole number from 1 to 100000, found "
            "the number -2");
  EXPECT_EQ(mistake(with(1, "model: {name: 5}")),
            "s.yaml:1:15: model.name: expected a text that is not empty, found the number 5");
  EXPECT_EQ(mistake(with(5, "  - {name: c, input_tokens: 32, output_tokens: 32, salt: 1}")),
            "s.yaml:5:58: workloads[0].salt: expected true or false, found the number 1");
}

TEST(StudyFile, RefusesValuesOutOfRange) {
  EXPECT_EQ(mistake(with(8, "repeats: 0")),
            "s.yaml:8:10: repeats: expected a whole number from 1 to 1000, found the number 0");
  EXPECT_NE(mistake(with(3, "  - {name: a, kind: vllm, port: 65536}")), "no mistake");
  EXPECT_NE(mistake(with(7, "window: {seconds: .inf}")), "no mistake");
  EXPECT_NE(mistake(with(7, "window: {seconds: .nan}")), "no mistake");
  EXPECT_NE(mistake(with(7, "window: {warmup_s: -1}")), "no mistake");
  EXPECT_NE(mistake(with(6, "load: {rate_per_s: [0]}")), "no mistake");
}

TEST(StudyFile, NamesTheNearestEngineKind) {
  const std::string message = mistake(with(3, "  - {name: a, kind: vlm}"));
  EXPECT_EQ(message.rfind("s.yaml:3:21: engines[0].kind: expected one of ", 0), 0U) << message;
  EXPECT_NE(message.find("found the text \"vlm\"; did you mean \"vllm\"?"), std::string::npos)
      << message;
}

TEST(StudyFile, KnowsTheKindsOfALaterVersion) {
  EXPECT_EQ(parsed(with(3, "  - {name: a, kind: sglang}")).engines[0].kind, "sglang");
  EXPECT_EQ(parsed(with(3, "  - {name: a, kind: tensorrt-llm}")).engines[0].kind, "tensorrt-llm");
}

TEST(StudyFile, SaysWhichKeyIsMissing) {
  EXPECT_EQ(mistake(with(6, "")),
            "s.yaml:1:1: the study needs the key \"load\" (a mapping of keys to values)");
  EXPECT_EQ(mistake(with(3, "  - {name: a, kind: openai}")),
            "s.yaml:3:5: engines[0]: kind openai needs the key \"url\"");
  EXPECT_EQ(mistake(with(3, "  - {name: a, kind: simulated}")),
            "s.yaml:3:5: engines[0]: kind simulated needs the key \"profile\"");
  EXPECT_EQ(mistake(with(5, "  - {name: chat, input_tokens: 32}")),
            "s.yaml:5:5: workloads[0] needs the key \"output_tokens\" (a whole number from 1 to "
            "1000000)");
}

TEST(StudyFile, NeedsNoModelWhenEveryEngineIsAttached) {
  EXPECT_EQ(parsed(with(1, "")).model.name, "");
  EXPECT_EQ(parse_study(to_json(parsed(with(1, ""))).dump(), "s", "/", {}).value().model.name, "");
  EXPECT_EQ(parse_study("engines: [{name: a, kind: vllm}]\n"
                        "workloads: [{name: chat, input_tokens: 32, output_tokens: 32}]\n"
                        "load: {concurrency: [8]}\nwindow: {requests: 0}\n",
                        "s.yaml", "/", {})
                .error()
                .message,
            "s.yaml:1:1: the study needs the key \"model\", since it starts the engine \"a\"");
}

TEST(StudyFile, RefusesKeysThatExcludeEachOther) {
  EXPECT_EQ(mistake(with(6, "load: {concurrency: [8], rate_per_s: [1]}")),
            "s.yaml:6:38: load needs exactly one of concurrency and rate_per_s, found concurrency "
            "and rate_per_s");
  EXPECT_EQ(mistake(with(6, "load: {seed: 3}")),
            "s.yaml:6:7: load needs exactly one of concurrency and rate_per_s, found none");
  EXPECT_EQ(mistake(with(6, "load: {concurrency: [8], arrivals: poisson}")),
            "s.yaml:6:36: load: arrivals goes with rate_per_s, not with concurrency");
  EXPECT_EQ(mistake(with(3, "  - {name: a, kind: vllm, url: \"http://h:1\"}")),
            "s.yaml:3:32: engines[0]: \"url\" goes with kind openai, not with vllm");
  EXPECT_EQ(mistake(with(6, "load: {concurrency: [8], seed: 1}\nseed: 2")),
            "s.yaml:6:32: the seed is at the top level and under load; keep one of them");
}

TEST(StudyFile, RefusesGammaArrivalsWithoutOrWithTwoCoefficients) {
  const std::string expected =
      "load: gamma arrivals need their coefficient of variation once: gamma_cv: 1.5, or arrivals: "
      "gamma:1.5";
  EXPECT_EQ(mistake(with(6, "load: {rate_per_s: [2], arrivals: gamma}")),
            "s.yaml:6:35: " + expected);
  EXPECT_EQ(mistake(with(6, "load: {rate_per_s: [2], arrivals: gamma:2, gamma_cv: 2}")),
            "s.yaml:6:35: " + expected);
  EXPECT_NE(mistake(with(6, "load: {rate_per_s: [2], arrivals: gamma:0}")), "no mistake");
  EXPECT_NE(mistake(with(6, "load: {rate_per_s: [2], arrivals: gamma, gamma_cv: 0}")),
            "no mistake");
  EXPECT_NE(mistake(with(6, "load: {rate_per_s: [2], gamma_cv: 2}")), "no mistake");
}

TEST(StudyFile, RefusesALevelWithFewerRequestsThanItsConcurrency) {
  EXPECT_EQ(mistake(with(6, "load: {concurrency: [1, 50]}\n") + "# \n"), "no mistake");
  std::string few = with(7, "window: {seconds: 5, requests: 10}");
  few.replace(few.find("[8]"), 3, "[1, 50]");
  EXPECT_EQ(mistake(few),
            "s.yaml:6:25: load: concurrency 50 with window.requests 10: a level with fewer "
            "requests than its concurrency never reaches it; ask for 50 requests or more, or set "
            "window.requests: 0 to measure by time alone");
}

TEST(StudyFile, RefusesTheSameNameLevelOrKeyTwice) {
  EXPECT_EQ(mistake(with(3, "  - {name: a, kind: vllm}\n  - {name: a, kind: llama-cpp}")),
            "s.yaml:4:12: engines: the name \"a\" is there twice");
  EXPECT_EQ(mistake(with(6, "load: {concurrency: [8, 8]}")),
            "s.yaml:6:25: load: the level c=8 is there twice");
  EXPECT_EQ(mistake(with(8, "repeats: 6\nrepeats: 7")),
            "s.yaml:9:1: the key \"repeats\" is there twice");
}

TEST(StudyFile, AllowsTwoEnginesOnOnePort) {
  const Study study = parsed(
      with(3, "  - {name: a, kind: vllm, port: 8000}\n  - {name: b, kind: llama-cpp, port: 8000}"));
  EXPECT_EQ(study.engines[0].port, study.engines[1].port);
}

TEST(StudyFile, RefusesNamesThatAreNoFileNames) {
  const std::string message = mistake(with(3, "  - {name: \"a/b\", kind: vllm}"));
  EXPECT_EQ(message,
            "s.yaml:3:12: engines[0].name: expected a name of up to 64 letters, digits, "
            "'.', '_' and '-', a letter or digit first, found the text \"a/b\"");
}

TEST(StudyFile, RefusesEmptyLists) {
  EXPECT_EQ(mistake("model: {name: m}\nengines: []\n"),
            "s.yaml:2:10: engines: expected a list of 1 to 64 values, found 0");
  EXPECT_EQ(mistake(with(6, "load: {concurrency: []}")),
            "s.yaml:6:21: load.concurrency: expected a list of 1 to 1000 values, found 0");
}

TEST(StudyFile, RefusesAPromptsFileThatIsNotThere) {
  EXPECT_EQ(mistake(with(5, "  - {name: c, prompts: no.yaml, output_tokens: 8}")),
            "s.yaml:5:24: workloads[0].prompts: there is no file no.yaml");
  EXPECT_EQ(mistake(with(5, "  - {name: c, categories: [a], input_tokens: 32, output_tokens: 8}")),
            "s.yaml:5:27: workloads[0]: categories go with a prompts file, not with input_tokens");
}

TEST(StudyFile, RefusesLengthsThatCannotBe) {
  EXPECT_EQ(mistake(with(5, "  - {name: c, input_tokens: 4, output_tokens: 8}")),
            "s.yaml:5:29: workloads[0].input_tokens: 4 tokens have no room for the salt of 4 words "
            "and a word of the prompt; ask for 5 or more, or set salt: false");
  EXPECT_EQ(mistake(with(5, "  - {name: c, input_tokens: {uniform: [9, 8]}, output_tokens: 8}")),
            "s.yaml:5:39: uniform: the least length comes first, as in [16, 64]");
  EXPECT_EQ(mistake(with(5,
                         "  - {name: c, input_tokens: {quantiles: [[0.5, 9], [0.4, 10]]}, "
                         "output_tokens: 8}")),
            "s.yaml:5:52: quantiles: expected pairs [probability from 0 to 1, whole length of 1 or "
            "more], rising in both");
}

TEST(StudyFile, SaysWhereYamlIsBroken) {
  EXPECT_EQ(mistake("model: {name: m\nengines: []\n").rfind("s.yaml:2:8: not YAML: ", 0), 0U)
      << mistake("model: {name: m\nengines: []\n");
  EXPECT_EQ(mistake("a: b: c"), "s.yaml:1:5: not YAML: illegal map value");
  EXPECT_EQ(mistake("a: 1\n---\nb: 2\n"),
            "s.yaml:2:1: something follows the study here; a study is one YAML document");
  EXPECT_EQ(mistake("a: [1], 2]"), "s.yaml:1:7: not YAML: end of map not found");
  EXPECT_EQ(mistake("- 1"),
            "s.yaml:1:1: expected a study, a mapping with the keys model, engines, "
            "workloads and load; found a list");
  EXPECT_EQ(mistake(""),
            "s.yaml:1:1: expected a study, a mapping with the keys model, engines, "
            "workloads and load; found nothing");
}

TEST(StudyFile, BoundsWhatAliasesCanMakeOfASmallFile) {
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c < 'i'; ++c) {
    bomb += std::string(1, c) + ": &" + c + " [";
    for (int i = 0; i < 10; ++i) bomb += std::string("*") + static_cast<char>(c - 1) + ",";
    bomb += "]\n";
  }
  EXPECT_NE(mistake(bomb).find("the study has too many values"), std::string::npos);
  EXPECT_NE(mistake(std::string(100, '[') + std::string(100, ']')).find("nested too deeply"),
            std::string::npos);
}

TEST(StudyFile, RefusesAMissingFile) {
  const auto study = load_study("no/such/study.yaml", {});
  ASSERT_FALSE(study.has_value());
  EXPECT_EQ(study.error().kind, base::ErrorKind::study);
  EXPECT_EQ(study.error().message, "cannot open no/such/study.yaml: No such file or directory");
}

TEST(StudyJson, ReadsBackAsTheSameStudy) {
  const std::string yaml =
      with(3,
           "  - {name: v, kind: vllm, venv: /env, args: [-c, 1], env: {A: b}, port: 1}\n"
           "  - {name: o, kind: openai, url: \"http://h:1\", headers: {x-a: b}}") +
      "slo: {ttft_ms: 200}\nhardware: {gpu: H200, price_per_hour_usd: 3.5, price_date: "
      "\"2026-11-01\"}\n"
      "seed: 4\n";
  const nlohmann::json json = to_json(parsed(yaml));
  EXPECT_EQ(to_json(parsed(json.dump())), json);
  EXPECT_EQ(json["slo"]["ttft_ms"], 200.0);
  EXPECT_EQ(json["hardware"]["price_date"], "2026-11-01");
  EXPECT_EQ(json["engines"][0]["args"], nlohmann::json({"-c", "1"}));
  EXPECT_EQ(json["window"]["max_seconds"], 0.0);
}

TEST(StudyJson, ReadsBackOpenLoadsAndLengths) {
  std::string yaml = with(6, "load: {rate_per_s: [1, 2.5], arrivals: gamma:2}");
  yaml.replace(yaml.find("input_tokens: 32"), 16, "input_tokens: {uniform: [8, 9]}");
  const nlohmann::json json = to_json(parsed(yaml));
  EXPECT_EQ(to_json(parsed(json.dump())), json);
  EXPECT_EQ(json["load"]["gamma_cv"], 2.0);
}

TEST(StudyJson, HidesWhatSoundsLikeASecret) {
  const nlohmann::json json = to_json(parsed(
      with(3,
           "  - {name: o, kind: openai, url: \"http://h:1\", headers: {Authorization: s3, x: y},"
           " env: {HF_TOKEN: s3}}")));
  EXPECT_EQ(json.dump().find("s3"), std::string::npos);
  EXPECT_EQ(json["engines"][0]["headers"]["x"], "y");
}

TEST(UsePrompts, ReplacesThePromptsOfEveryWorkloadAndRefusesABadFile) {
  const auto path = std::filesystem::path(::testing::TempDir()) / "tokamark_use_prompts_test.txt";
  std::ofstream(path) << "one\n";
  Study study = parsed(kLeast);
  ASSERT_TRUE(use_prompts(study, path).has_value());
  EXPECT_EQ(study.workloads[0].prompts, path);
  std::filesystem::remove(path);
  EXPECT_FALSE(use_prompts(study, path).has_value());
}

}  // namespace
}  // namespace tokamark::study
