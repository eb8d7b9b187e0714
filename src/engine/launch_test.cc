// The launch lines of the engines for GPUs, and of images.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/adapter.h"
#include "engine/launch_line.h"
#include "engine/test_support.h"

namespace tokamark::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Launch : public testing::Test {
 protected:
  Launch() {
    spec_.name = "e";
    model_.name = "m";
    model_.path = "org/model";
    spec_.settings = {{Setting::context_tokens, 8192},
                      {Setting::kv_cache_dtype, "fp8"},
                      {Setting::kv_cache_tokens, 180000},
                      {Setting::max_sequences, 128},
                      {Setting::max_batch_tokens, 4096},
                      {Setting::chunked_prefill, false},
                      {Setting::stream_interval, 1},
                      {Setting::tensor_parallel, 2},
                      {Setting::seed, 7}};
  }
  [[nodiscard]] std::string at(const std::string& name) const {
    return (folder_.path() / name).string();
  }
  /// The command without its program and the words every engine gets.
  LaunchCommand command() {
    const auto made = launch_command(spec_, model_);
    EXPECT_TRUE(made.has_value()) << (made.has_error() ? made.error().message : "");
    return made.has_value() ? made.value() : LaunchCommand{};
  }
  std::vector<std::string> words_from(const std::vector<std::string>& argv,
                                      const std::string& first) {
    return {std::find(argv.begin(), argv.end(), first), argv.end()};
  }
  test::TemporaryFolder folder_;
  EngineSpec spec_;
  ModelSpec model_;
};

TEST_F(Launch, VllmSaysEverySettingInItsFlags) {
  spec_.kind = "vllm";
  spec_.binary = folder_.write_program("vllm", "").string();
  EXPECT_THAT(words_from(command().argv, "--max-model-len"),
              ElementsAre("--max-model-len", "8192", "--kv-cache-dtype", "fp8", "--max-num-seqs",
                          "128", "--max-num-batched-tokens", "4096", "--no-enable-prefix-caching",
                          "--no-enable-chunked-prefill", "--stream-interval", "1",
                          "--tensor-parallel-size", "2", "--seed", "7", "--num-gpu-blocks-override",
                          "11250", "--block-size", "16", "--generation-config", "vllm",
                          "--enable-prompt-tokens-details", "--disable-uvicorn-access-log"));
}

TEST_F(Launch, SglangSaysEverySettingInItsFlags) {
  spec_.kind = "sglang";
  spec_.binary = folder_.write_program("sglang", "").string();
  const auto made = command();
  EXPECT_THAT(
      words_from(made.argv, "serve"),
      ElementsAre("serve", "--model-path", "org/model", "--host", "127.0.0.1", "--port", "30000",
                  "--served-model-name", "m", "--context-length", "8192", "--kv-cache-dtype",
                  "fp8_e4m3", "--max-total-tokens", "180000", "--max-running-requests", "128",
                  "--disable-radix-cache", "--stream-interval", "1", "--tensor-parallel-size", "2",
                  "--random-seed", "7", "--chunked-prefill-size", "-1", "--max-prefill-tokens",
                  "4096", "--sampling-defaults", "openai", "--enable-metrics",
                  "--enable-cache-report", "--log-level-http", "warning"));
  EXPECT_THAT(made.notes, testing::IsEmpty());
}

TEST_F(Launch, TensorrtLlmTakesItsSettingsInOneFile) {
  spec_.kind = "tensorrt-llm";
  spec_.binary = folder_.write_program("trtllm-serve", "").string();
  const auto own = folder_.write("own.yaml", "kv_cache_config: {host_cache_size: 5}\nx: 1\n");
  spec_.args = {"--backend", "pytorch", "--extra_llm_api_options", own.string()};
  const auto made = command();
  EXPECT_THAT(words_from(made.argv, "serve"),
              ElementsAre("serve", "org/model", "--host", "127.0.0.1", "--port", "8000",
                          "--max_seq_len", "8192", "--max_batch_size", "128", "--max_num_tokens",
                          "4096", "--tp_size", "2", "--served_model_name", "m", "--config",
                          "logs/e.config.yaml", "--backend", "pytorch"));
  EXPECT_THAT(made.notes, ElementsAre("seed 7 has no equivalent"));
  ASSERT_EQ(made.files.size(), 1U);
  const std::string& yaml = made.files.at("logs/e.config.yaml");
  for (const char* part : {"host_cache_size: 5", "dtype: fp8", "max_tokens: 180000",
                           "enable_block_reuse: false", "enable_chunked_prefill: false",
                           "stream_interval: 1", "x: 1", "return_perf_metrics: true"}) {
    EXPECT_THAT(yaml, HasSubstr(part));
  }
}

TEST_F(Launch, ASettingAndTheUsersFileMustNotSayTheSame) {
  spec_.kind = "tensorrt-llm";
  spec_.binary = folder_.write_program("trtllm-serve", "").string();
  const auto own = folder_.write("own.yaml", "kv_cache_config: {dtype: auto}\n");
  spec_.args = {"--config", own.string()};
  EXPECT_THAT(launch_command(spec_, model_).error().message,
              HasSubstr("its config file holds dtype, and settings holds kv_cache_dtype"));
  spec_.args = {"--config", at("none.yaml")};
  EXPECT_THAT(launch_command(spec_, model_).error().message, HasSubstr("none.yaml"));
  folder_.write("own.yaml", "[not a mapping");
  spec_.args = {"--config=" + own.string()};
  EXPECT_THAT(launch_command(spec_, model_).error().message, HasSubstr("not YAML"));
}

TEST_F(Launch, TransformersServesWhatItLoaded) {
  spec_.kind = "transformers";
  spec_.binary = folder_.write_program("transformers", "").string();
  spec_.settings = {{Setting::dtype, "bf16"}, {Setting::context_tokens, 2048}};
  const auto made = command();
  EXPECT_THAT(words_from(made.argv, "serve"),
              ElementsAre("serve", "org/model", "--host", "127.0.0.1", "--port", "8000", "--dtype",
                          "bfloat16"));
  // The model's sampling defaults cannot be switched off, nor is there a limit of the context.
  EXPECT_THAT(made.notes, ElementsAre("context_tokens 2048 has no equivalent",
                                      "model_sampling false has no equivalent"));
  EXPECT_EQ(transformers_adapter().served_name(spec_, model_), "org/model");
}

/// PATH with a container runtime that only notes what it is asked.
class Image : public Launch {
 protected:
  Image() {
    folder_.write_program("podman", "#!/bin/sh\nexit 1\n");
    const char* path = std::getenv("PATH");
    path_ = path != nullptr ? path : "";
    ::setenv("PATH", folder_.path().c_str(), 1);
    ::setenv("HF_HOME", at("hub").c_str(), 1);
    ::setenv("HF_TOKEN", "hf_secret", 1);
    spec_.settings.clear();
    spec_.image = "registry/image:1";
  }
  ~Image() override {
    ::setenv("PATH", path_.c_str(), 1);
    ::unsetenv("HF_HOME");
    ::unsetenv("HF_TOKEN");
  }
  std::string path_;
};

TEST_F(Image, RunsOnTheHostsNetworkWithTheModelMounted) {
  spec_.kind = "tensorrt-llm";
  spec_.env = {{"TLLM_LOG_LEVEL", "INFO"}};
  spec_.container_args = {"--cap-add", "SYS_NICE"};
  model_.path = (folder_.write("weights/config.json", "{}").parent_path()).string();
  const auto made = command();
  ASSERT_GE(made.argv.size(), 5U);
  EXPECT_EQ(made.argv[0], at("podman"));
  EXPECT_EQ(made.argv[3], made.container);
  const std::string line = made.shell_line();
  EXPECT_THAT(line, HasSubstr("--pull=never --network host --ipc host"));
  EXPECT_THAT(line, HasSubstr("-v " + at("weights") + ":/models/weights:ro"));
  EXPECT_THAT(line, HasSubstr("e.config.yaml:/tokamark/tensorrt-llm.yaml:ro"));
  EXPECT_THAT(line, HasSubstr("-e HF_TOKEN -e TLLM_LOG_LEVEL --cap-add SYS_NICE registry/image:1 "
                              "trtllm-serve serve /models/weights --host 127.0.0.1"));
  EXPECT_THAT(line, HasSubstr("--config /tokamark/tensorrt-llm.yaml"));
  // Neither the shown line nor the arguments hold the token; the client's environment does.
  EXPECT_EQ(line.find("hf_secret"), std::string::npos);
  EXPECT_EQ(made.env.at("HF_TOKEN"), "hf_secret");
  ASSERT_EQ(made.cleanup.size(), 4U);
  EXPECT_THAT(made.cleanup[2], HasSubstr("rm --force " + made.container));
  EXPECT_EQ(made.cleanup[3], at("podman"));
  EXPECT_NE(made.container, command().container) << "every start has a name of its own";
}

TEST_F(Image, ReplacesTheEntryPointExceptNvidias) {
  spec_.kind = "vllm";
  EXPECT_THAT(command().shell_line(),
              HasSubstr("--entrypoint vllm registry/image:1 serve org/model --host"));
  EXPECT_THAT(command().shell_line(), HasSubstr("-v " + at("hub") + ":/root/.cache/huggingface"));
  spec_.kind = "sglang";
  EXPECT_THAT(command().shell_line(),
              HasSubstr("--entrypoint python3 registry/image:1 -m sglang.launch_server"));
}

TEST_F(Image, NeedsARuntime) {
  spec_.kind = "vllm";
  spec_.container_runtime = "docker";
  EXPECT_THAT(launch_command(spec_, model_).error().message, HasSubstr("docker is not on PATH"));
}

}  // namespace
}  // namespace tokamark::engine
