#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "base/error.h"

namespace tokamark::record {

/// Reads typed fields out of a JSON object. The first problem is kept, with the path of the field,
/// and everything after it is skipped; ask `problem` once, at the end.
class JsonFields {
 public:
  /// `problem` is shared by a reader and its children and must outlive them.
  JsonFields(const nlohmann::json& object, std::string path, std::string& problem);

  /// The reader of a nested object.
  [[nodiscard]] JsonFields child(const std::string& key) const;
  /// The JSON under a key; null JSON when absent or after a problem.
  [[nodiscard]] const nlohmann::json& raw(const std::string& key) const;
  [[nodiscard]] bool has(const std::string& key) const;
  [[nodiscard]] std::string path_of(const std::string& key) const { return path_ + "." + key; }

  void number(const std::string& key, double& value) const;
  void number_or_null(const std::string& key, std::optional<double>& value) const;
  void integer_or_null(const std::string& key, std::optional<std::int64_t>& value) const;
  void text(const std::string& key, std::string& value) const;
  void boolean(const std::string& key, bool& value) const;
  /// A map of texts; absent means empty.
  void reasons(std::map<std::string, std::string>& value) const;

  template <typename Integer>
  void integer(const std::string& key, Integer& value) const {
    std::optional<std::int64_t> wide;
    integer_or_null(key, wide);
    if (wide && std::in_range<Integer>(*wide)) {
      value = static_cast<Integer>(*wide);
    } else {
      fail(key, "an integer in range");
    }
  }

  /// Keeps "PATH must be EXPECTED" if it is the first problem.
  void fail(const std::string& key, const std::string& expected) const;

 private:
  const nlohmann::json& object_;
  std::string path_;
  std::string& problem_;
};

}  // namespace tokamark::record
