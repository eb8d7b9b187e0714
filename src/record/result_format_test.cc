#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/files.h"
#include "record/request_file.h"
#include "record/result.h"

// Holds docs/results.schema.json and docs/RESULT_FORMAT.md against what is really written.

namespace tokamark::record {
namespace {

using nlohmann::json;

std::string document(const std::string& name) {
  const auto path = std::filesystem::path(TOKAMARK_SOURCE_DIR) / "docs" / name;
  return base::read_file(path, base::ErrorKind::output).value();
}

StudyResult result_with_both_loads() {
  StudyResult result;
  result.study = json::object();
  result.manifest = json::object();
  result.trials.resize(2);
  result.trials[1].load = {workload::LoadKind::open, 1, 2.0, workload::Arrivals::gamma, 0.5};
  for (auto& trial : result.trials) {
    trial.codes = {{"a", "b", "c"}};
    trial.engine_info = json::object();
    trial.metrics.reasons = trial.resources.reasons = trial.client.reasons = {{"x", "y"}};
    auto& server = trial.server;
    server.reasons = {{"x", "y"}};
    for (auto* latency : {&server.server_ttft_ms, &server.server_itl_ms, &server.server_tpot_ms,
                          &server.server_e2e_ms, &server.server_queue_ms}) {
      latency->reasons = {{"p99", "few"}};
    }
    for (auto* latency : {&trial.metrics.ttft_ms, &trial.metrics.ttft_wire_ms,
                          &trial.metrics.tpot_ms, &trial.metrics.itl_ms, &trial.metrics.e2e_ms}) {
      latency->reasons = {{"p99", "few"}};
    }
  }
  return result;
}

const json& resolved(const json& schema, const json& root) {
  if (!schema.contains("$ref")) {
    return schema;
  }
  return root.at(json::json_pointer(schema["$ref"].get<std::string>().substr(1)));
}

/// Fails for every key that is written but not in the schema, and the other way round.
void expect_same_keys(const json& value, const json& given, const json& root,
                      const std::string& path) {
  const auto& schema = resolved(given, root);
  if (schema.contains("oneOf")) {
    const std::size_t variant = value.at("kind") == "closed" ? 0 : 1;
    expect_same_keys(value, schema["oneOf"][variant], root, path);
  } else if (value.is_array()) {
    for (const auto& item : value) {
      expect_same_keys(item, schema.at("items"), root, path + "[]");
    }
  } else if (value.is_object() && schema.contains("properties")) {
    EXPECT_EQ(schema.at("additionalProperties"), false) << path;
    for (const auto& [key, item] : value.items()) {
      ASSERT_TRUE(schema["properties"].contains(key)) << path << "." << key << " is not in it";
      expect_same_keys(item, schema["properties"][key], root, path + "." + key);
    }
    for (const auto& entry : schema["properties"].items()) {
      EXPECT_TRUE(value.contains(entry.key())) << path << "." << entry.key() << " is not written";
    }
  }
}

void collect_keys(const json& value, std::set<std::string>& keys) {
  if (value.is_array()) {
    for (const auto& item : value) {
      collect_keys(item, keys);
    }
  } else if (value.is_object()) {
    for (const auto& [key, item] : value.items()) {
      keys.insert(key);
      collect_keys(item, keys);
    }
  }
}

TEST(ResultSchema, HasExactlyTheKeysThatAreWritten) {
  const auto schema = json::parse(document("results.schema.json"));
  expect_same_keys(to_json(result_with_both_loads()), schema, schema, "results");
  EXPECT_EQ(schema.at("properties").at("schema").at("const"), kResultSchema);
}

TEST(ResultFormat, DescribesEveryField) {
  const auto text = document("RESULT_FORMAT.md");
  auto result = result_with_both_loads();
  for (auto& trial : result.trials) {
    trial.metrics.reasons.clear();
    trial.resources.reasons.clear();
    trial.client.reasons.clear();
    trial.server.reasons.clear();
  }
  std::set<std::string> keys;
  collect_keys(to_json(result), keys);
  collect_keys(json::parse(to_json_lines({RequestRecord{}})), keys);
  for (const auto& key : keys) {
    EXPECT_NE(text.find("`" + key + "`"), std::string::npos) << key;
  }
}

TEST(ResultFormat, NamesEveryError) {
  const auto text = document("RESULT_FORMAT.md");
  for (int i = 1; i <= static_cast<int>(RequestError::no_tokens); ++i) {
    const std::string word = to_word(static_cast<RequestError>(i));
    EXPECT_NE(text.find("`" + word + "`"), std::string::npos) << word;
  }
}

}  // namespace
}  // namespace tokamark::record
