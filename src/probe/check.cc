#include "probe/check.h"

namespace tokamark::probe {

namespace {

nlohmann::json text_or_null(const std::string& text) {
  return text.empty() ? nlohmann::json(nullptr) : nlohmann::json(text);
}

}  // namespace

const char* to_word(CheckStatus status) {
  switch (status) {
    case CheckStatus::ok:
      return "ok";
    case CheckStatus::skipped:
      return "skipped";
    case CheckStatus::warning:
      return "warning";
    case CheckStatus::error:
      break;
  }
  return "error";
}

nlohmann::json to_json(const std::vector<Check>& checks) {
  nlohmann::json list = nlohmann::json::array();
  for (const Check& check : checks) {
    list.push_back({{"id", check.id},
                    {"status", to_word(check.status)},
                    {"found", text_or_null(check.found)},
                    {"wanted", text_or_null(check.wanted)},
                    {"fix", text_or_null(check.fix)}});
  }
  return {{"checks", list}};
}

}  // namespace tokamark::probe
