#include "engine/flag_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "engine/effective.h"
#include "engine/help_text.h"

namespace tokamark::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::vector<SettingFlag>& table() {
  static const std::vector<SettingFlag> rows{
      {Setting::context_tokens, {"--new-name", "--old-name"}},
      {Setting::kv_cache_dtype, {"--kv"}, {}, {}, {{"fp8", "fp8_e4m3"}, {"f16", ""}}},
      {Setting::prefix_cache, {"--cache"}, {"--no-cache"}},
      {Setting::dummy_weights, {"--load-format"}, {}, "dummy"}};
  return rows;
}

TEST(HelpText, TakesEveryFlagOfTheUsualForms) {
  const HelpText help(
      "usage: x [-h] [--max_len N]\n  -c, --ctx-size N   size (default: --none)\n"
      "  --enable-x, --no-enable-x\n  --a / --no-a   both\n  --[no-]b\n  well-known 3-4 words");
  for (const char* flag : {"-h", "--max-len", "--max_len", "-c", "--ctx-size", "--enable-x",
                           "--no-enable-x", "--a", "--no-a", "--b", "--no-b"}) {
    EXPECT_TRUE(help.has(flag)) << flag;
  }
  for (const char* flag : {"-known", "-4", "--max", "--", "-"})
    EXPECT_FALSE(help.has(flag)) << flag;
}

TEST(FlagWriter, WritesSettingsInTheEnginesWords) {
  EngineSpec spec;
  spec.settings = {{Setting::context_tokens, 8192},
                   {Setting::kv_cache_dtype, "fp8"},
                   {Setting::dummy_weights, true}};
  FlagWriter writer(spec, nullptr);
  writer.write(table());
  EXPECT_THAT(writer.words(), ElementsAre("--new-name", "8192", "--kv", "fp8_e4m3", "--no-cache",
                                          "--load-format", "dummy"));
}

TEST(FlagWriter, TakesTheSpellingThatTheHelpLists) {
  EngineSpec spec;
  spec.settings = {{Setting::context_tokens, 8192}, {Setting::prefix_cache, true}};
  const HelpText help("--old-name --kv");
  FlagWriter writer(spec, &help);
  writer.write(table());
  writer.add({"--quiet"});
  EXPECT_THAT(writer.words(), ElementsAre("--old-name", "8192"));
  EXPECT_THAT(writer.notes(),
              ElementsAre("prefix_cache cannot be set: this version's --help does not list --cache",
                          "--quiet is left out: this version's --help does not list it"));
}

TEST(FlagWriter, ShippedDefaultsAddNothing) {
  EngineSpec spec;
  spec.defaults = Defaults::shipped;
  FlagWriter writer(spec, nullptr);
  writer.write(table());
  EXPECT_THAT(writer.words(), IsEmpty());
}

TEST(FlagWriter, TheUsersFlagReplacesADefaultAndCollidesWithASetting) {
  EngineSpec spec;
  spec.args = {"--cache", "--new-name=1"};
  FlagWriter quiet(spec, nullptr);
  quiet.write(table());
  EXPECT_THAT(quiet.words(), IsEmpty());
  EXPECT_FALSE(quiet.error());
  spec.settings = {{Setting::context_tokens, 8192}};
  FlagWriter writer(spec, nullptr);
  writer.write(table());
  ASSERT_TRUE(writer.error());
  EXPECT_THAT(writer.error()->message,
              HasSubstr("args holds --new-name, and settings holds context_tokens"));
}

TEST(FlagWriter, WhatAnEngineCannotDoIsSaid) {
  EngineSpec spec;
  spec.settings = {{Setting::kv_cache_dtype, "f16"},
                   {Setting::stream_interval, 4},
                   {Setting::tensor_parallel, 1}};
  FlagWriter writer(spec, nullptr);
  writer.write(table());
  const std::vector<FixedSetting> always{{Setting::stream_interval, 1},
                                         {Setting::tensor_parallel, 1},
                                         {Setting::model_sampling, false}};
  writer.settle(always);
  EXPECT_THAT(writer.notes(), ElementsAre("kv_cache_dtype f16 has no equivalent",
                                          "stream_interval 4 has no equivalent"));
}

TEST(EffectiveSettings, AreReadBackFromTheFlags) {
  EffectiveSettings settings;
  read_flags(table(),
             {"x", "--old_name=10", "--new-name", "20", "--kv", "fp8_e4m3", "--no-cache",
              "--load-format", "auto"},
             settings);
  EXPECT_EQ(settings.at("context_tokens").value, 20);
  EXPECT_EQ(settings.at("context_tokens").source, "flag");
  EXPECT_EQ(settings.at("kv_cache_dtype").value, "fp8");
  EXPECT_EQ(settings.at("prefix_cache").value, false);
  EXPECT_EQ(settings.at("dummy_weights").value, false);
}

/// The line of vLLM 0.32's log, shortened.
TEST(EffectiveSettings, AreReadFromALog) {
  constexpr const char* kLine =
      "config: model='/m', dtype=torch.bfloat16, max_seq_len=2048, quantization=None, "
      "enable_prefix_caching=False, kv_cache_dtype=auto)\nCPU KV cache size: 46,592 tokens, Max";
  static constexpr std::array kPlaces{TextPlace{"dtype", " dtype="},
                                      TextPlace{"context_tokens", " max_seq_len="},
                                      TextPlace{"quantization", " quantization="},
                                      TextPlace{"prefix_cache", " enable_prefix_caching="},
                                      TextPlace{"kv_cache_dtype", " kv_cache_dtype=", ")"},
                                      TextPlace{"kv_cache_tokens", "KV cache size: ", " "},
                                      TextPlace{"seed", " seed="}};
  EffectiveSettings settings;
  read_text(kLine, kPlaces, "log", settings);
  EXPECT_EQ(to_json(settings), nlohmann::json::parse(R"({
              "dtype": {"value": "bf16", "source": "log"},
              "context_tokens": {"value": 2048, "source": "log"},
              "prefix_cache": {"value": false, "source": "log"},
              "kv_cache_dtype": {"value": "auto", "source": "log"},
              "kv_cache_tokens": {"value": 46592, "source": "log"}})"));
}

}  // namespace
}  // namespace tokamark::engine
