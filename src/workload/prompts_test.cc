#include "workload/prompts.h"

#include <gtest/gtest.h>

#include <fstream>

namespace tokamark::workload {
namespace {

std::string message_of(const std::string& bytes, const std::string& file, PromptFormat format) {
  const auto prompts = parse_prompts(bytes, file, format);
  if (prompts.has_value()) return "no error";
  EXPECT_EQ(prompts.error().kind, base::ErrorKind::study);
  return prompts.error().message;
}

TEST(Prompts, ReadsCategoriesFromYamlInTheirOrder) {
  const auto prompts = parse_prompts("short:\n  - Hi.\n  - \"a: b\"\ncode: [write it]\n", "p.yaml",
                                     PromptFormat::yaml);
  ASSERT_TRUE(prompts.has_value());
  ASSERT_EQ(prompts.value().size(), 3U);
  EXPECT_EQ(prompts.value()[1].prompt.text, "a: b");
  EXPECT_EQ(prompts.value()[1].prompt.category, "short");
  EXPECT_EQ(prompts.value()[2].prompt.category, "code");
}

TEST(Prompts, ReadsCategoriesFromJsonInTheirOrder) {
  const auto prompts =
      parse_prompts(R"({"z": ["\ud83d\ude00"], "a": ["b", "c"]})", "p.json", PromptFormat::json);
  ASSERT_TRUE(prompts.has_value());
  ASSERT_EQ(prompts.value().size(), 3U);
  EXPECT_EQ(prompts.value()[0].prompt.text, "\xF0\x9F\x98\x80");
  EXPECT_EQ(prompts.value()[0].prompt.category, "z");
}

TEST(Prompts, ReadsTextsAndMessagesFromJsonLines) {
  const auto prompts = parse_prompts(
      "{\"prompt\": \"one\", \"output_tokens\": 7}\n\n"
      "{\"messages\": [{\"role\": \"user\", \"content\": \"two\"}], \"category\": \"chat\"}\r\n",
      "p.jsonl", PromptFormat::jsonl);
  ASSERT_TRUE(prompts.has_value());
  ASSERT_EQ(prompts.value().size(), 2U);
  EXPECT_EQ(prompts.value()[0].prompt.text, "one");
  EXPECT_EQ(prompts.value()[0].output_tokens, 7U);
  EXPECT_EQ(prompts.value()[0].prompt.category, "default");
  EXPECT_EQ(prompts.value()[1].prompt.text, "");
  EXPECT_EQ(prompts.value()[1].prompt.messages_json, R"([{"content":"two","role":"user"}])");
  EXPECT_EQ(prompts.value()[1].prompt.category, "chat");
  EXPECT_EQ(prompts.value()[1].output_tokens, 0U);
}

TEST(Prompts, ReadsOnePromptALineFromText) {
  const auto prompts = parse_prompts("first\r\n\nsecond", "p.txt", PromptFormat::text);
  ASSERT_TRUE(prompts.has_value());
  ASSERT_EQ(prompts.value().size(), 2U);
  EXPECT_EQ(prompts.value()[0].prompt.text, "first");
  EXPECT_EQ(prompts.value()[1].prompt.text, "second");
}

TEST(Prompts, RefusesAFileWithoutPrompts) {
  EXPECT_EQ(message_of("", "p.txt", PromptFormat::text), "p.txt:1: the file holds no prompt");
  EXPECT_EQ(message_of("# nothing\n", "p.yaml", PromptFormat::yaml),
            "p.yaml:1: the file holds no prompt");
  EXPECT_EQ(message_of("\n\n", "p.jsonl", PromptFormat::jsonl),
            "p.jsonl:1: the file holds no prompt");
  EXPECT_EQ(message_of("{}", "p.json", PromptFormat::json), "p.json:1: the file holds no prompt");
}

TEST(Prompts, NamesTheLineOfAMistake) {
  EXPECT_EQ(message_of("short:\n  - ok\n  - {a: b}\n", "p.yaml", PromptFormat::yaml),
            "p.yaml:3: a prompt in \"short\" is not a text");
  EXPECT_EQ(message_of("short: [a]\ncode: []\n", "p.yaml", PromptFormat::yaml),
            "p.yaml:2: category \"code\" has no prompt");
  EXPECT_EQ(message_of("{\"prompt\": \"a\"}\n{\"prompt\": \"\"}\n", "p.jsonl", PromptFormat::jsonl),
            "p.jsonl:2: the prompt is empty");
  EXPECT_EQ(message_of("{\"prompt\": \"a\", \"tokens\": 3}", "p.jsonl", PromptFormat::jsonl),
            "p.jsonl:1: unknown key \"tokens\"; known keys: prompt, messages, category, "
            "output_tokens");
  EXPECT_EQ(message_of("ok\n\xFF\xFE\n", "p.txt", PromptFormat::text),
            "p.txt:2: the prompt is not valid UTF-8; save the file as UTF-8");
  EXPECT_EQ(message_of("{\n\"a\": [\n}", "p.json", PromptFormat::json), "p.json:3: not JSON");
  EXPECT_EQ(message_of("hello", "p.jsonl", PromptFormat::jsonl),
            "p.jsonl:1: expected one JSON object, as in {\"prompt\": \"Hello\"}");
}

TEST(Prompts, SaysWhereYamlIsBroken) {
  EXPECT_EQ(message_of("short: [a]\ncode: b: c\n", "p.yaml", PromptFormat::yaml),
            "p.yaml:2: not YAML: illegal map value");
  EXPECT_EQ(message_of("short: [a]\nshort: [b]\n", "p.yaml", PromptFormat::yaml),
            "p.yaml:2: category \"short\" is there twice");
  EXPECT_EQ(message_of("short: [a]\n---\ncode: [b]\n", "p.yaml", PromptFormat::yaml),
            "p.yaml:2: something follows the file's one YAML document");
}

TEST(Prompts, KeepsTheAskedCategoriesAndRefusesUnknownOnes) {
  const auto path = std::filesystem::path(::testing::TempDir()) / "tokamark_prompts_test.yaml";
  std::ofstream(path) << "short: [a, b]\ncode: [c]\n";
  const auto kept = read_prompts(path, {"code"});
  ASSERT_TRUE(kept.has_value());
  ASSERT_EQ(kept.value().size(), 1U);
  EXPECT_EQ(kept.value()[0].prompt.text, "c");
  const auto refused = read_prompts(path, {"long"});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().message,
            path.string() + ": no prompt of category \"long\"; the file has: code, short");
  std::filesystem::remove(path);
}

TEST(Prompts, RefusesAnUnknownExtensionAndAMissingFile) {
  EXPECT_FALSE(read_prompts("prompts.csv", {}).has_value());
  const auto missing = read_prompts("no/such/prompts.txt", {});
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().kind, base::ErrorKind::study);
  EXPECT_EQ(missing.error().message, "cannot open no/such/prompts.txt: No such file or directory");
}

TEST(Prompts, AMessageIsOneLineWhateverTheFileHolds) {
  EXPECT_EQ(message_of("\"a\\nb\": [{x: 1}]\n", "p.yaml", PromptFormat::yaml),
            "p.yaml:1: a prompt in \"a b\" is not a text");
  EXPECT_EQ(message_of("\"a\\nb\": []\n", "p.yaml", PromptFormat::yaml),
            "p.yaml:1: category \"a b\" has no prompt");
  EXPECT_EQ(message_of(R"({"a\nb": [1]})", "p.json", PromptFormat::json),
            "p.json:1: category \"a b\", item 1: the prompt is not a text");
  EXPECT_EQ(message_of(R"({"prompt": "x", "a\nb": 1})", "p.jsonl", PromptFormat::jsonl),
            "p.jsonl:1: unknown key \"a b\"; known keys: prompt, messages, category, "
            "output_tokens");
}

TEST(Prompts, RefusesANumberThatNothingCanHold) {
  EXPECT_EQ(message_of(R"({"a": [48e488]})", "p.json", PromptFormat::json),
            "p.json:1: a number in it is too large");
}

TEST(Prompts, RefusesACategoryThatIsNoName) {
  EXPECT_EQ(message_of("a: [x]\n\"caf\xE9\": [x]\n", "p.yaml", PromptFormat::yaml),
            "p.yaml:2: a category is not valid UTF-8; save the file as UTF-8");
  EXPECT_EQ(message_of("\"\": [x]\n", "p.yaml", PromptFormat::yaml),
            "p.yaml:1: a category needs a name");
  EXPECT_EQ(message_of(R"({"": ["x"]})", "p.json", PromptFormat::json),
            "p.json:1: a category needs a name");
}

TEST(Prompts, RefusesMessagesThatNestTooDeep) {
  const std::string deep = std::string(500'000, '[') + std::string(500'000, ']');
  EXPECT_EQ(message_of(R"({"messages": [{"role": "user", "content": )" + deep + "}]}", "p.jsonl",
                       PromptFormat::jsonl),
            "p.jsonl:1: more than 200 lists in one another");
}

}  // namespace
}  // namespace tokamark::workload
