#include "base/files.h"
#include "base/text.h"
#include "record/result.h"

namespace tokamark::record {
namespace {

base::Result<nlohmann::json> parse(std::string_view text) {
  if (base::json_depth(text) > base::kMaxJsonDepth) {
    return base::Error{
        base::ErrorKind::study,
        "not a result: more than " + std::to_string(base::kMaxJsonDepth) + " lists in one another"};
  }
  auto json = nlohmann::json::parse(text, nullptr, false);
  if (json.is_discarded()) {
    return base::Error{base::ErrorKind::study, "not JSON, or cut short"};
  }
  return json;
}

}  // namespace

base::Result<StudyResult> study_result_from_text(std::string_view text) {
  TOKAMARK_TRY(const auto json, parse(text));
  return study_result_from_json(json);
}

base::Result<void> write_result_file(const std::filesystem::path& path, const StudyResult& result) {
  return base::write_file_atomic(path, to_text(result));
}

base::Result<StudyResult> read_result_file(const std::filesystem::path& path) {
  TOKAMARK_TRY(const auto text, base::read_file(path, base::ErrorKind::study));
  auto result = study_result_from_text(text);
  if (!result) {
    return std::move(result).error().with_context(path.string());
  }
  return result;
}

base::Result<void> write_trial_file(const std::filesystem::path& path, const TrialResult& trial) {
  return base::write_file_atomic(path, to_json(trial).dump(1) + "\n");
}

base::Result<TrialResult> read_trial_file(const std::filesystem::path& path) {
  TOKAMARK_TRY(const auto text, base::read_file(path, base::ErrorKind::study));
  auto json = parse(text);
  if (!json) {
    return std::move(json).error().with_context(path.string());
  }
  auto trial = trial_from_json(json.value());
  if (!trial) {
    return std::move(trial).error().with_context(path.string());
  }
  return trial;
}

}  // namespace tokamark::record
