#include <system_error>
#include <utility>

#include "base/files.h"
#include "study/build.h"
#include "study/check.h"
#include "study/overrides.h"
#include "study/rules.h"
#include "study/study.h"
#include "study/text_forms.h"
#include "study/tree.h"

namespace tokamark::study {

namespace {

/// The file's stem as a study name: characters that a name cannot have become '-'.
std::string name_of_file(const std::string& file) {
  std::string name = std::filesystem::path(file).stem().string().substr(0, 64);
  const TextForm form = name_form();
  for (char& c : name) {
    if (!form.matches("a" + std::string(1, c))) c = '-';
  }
  return form.matches(name) ? name : "study";
}

}  // namespace

base::Result<Study> parse_study(const std::string& yaml, const std::string& file,
                                const std::filesystem::path& folder,
                                const std::vector<Override>& overrides) {
  const Source source{file, overrides};
  TOKAMARK_TRY(auto tree, parse_tree(yaml, source));
  TOKAMARK_TRY_VOID(apply_overrides(tree, study_rules(), source));
  TOKAMARK_TRY(const auto checked, check_tree(tree, study_rules(), source));
  TOKAMARK_TRY(auto study, build_study(checked, source, folder));
  if (study.name.empty()) study.name = name_of_file(file);
  return study;
}

base::Result<Study> load_study(const std::filesystem::path& file,
                               const std::vector<Override>& overrides) {
  TOKAMARK_TRY(const auto yaml, base::read_file(file, base::ErrorKind::study));
  // Absolute, so that a resumed run in another folder finds the same files.
  std::error_code code;
  const std::filesystem::path whole = std::filesystem::absolute(file, code);
  return parse_study(yaml, file.string(), (code ? file : whole).parent_path(), overrides);
}

}  // namespace tokamark::study
