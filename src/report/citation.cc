#include "report/citation.h"

#include <fmt/format.h>

#include "base/sha256.h"
#include "report/rows.h"
#include "report/table.h"
#include "report/text.h"

namespace tokamark::report {
namespace {

constexpr std::size_t kDigestShown = 16;

struct Facts {
  std::string title, version, day, digest;
};

Facts facts_of(const record::StudyResult& result) {
  Facts facts;
  facts.title = study_name(result);
  const auto model = text_at(result.study, {"model", "name"});
  if (!model.empty()) facts.title += ": " + model;
  facts.title += result.simulated ? " (SIMULATED)" : "";
  facts.version = text_at(result.manifest, {"tokamark", "version"});
  facts.day = text_at(result.manifest, {"started_utc"}).substr(0, 10);
  facts.digest = data_digest(result).substr(0, kDigestShown);
  return facts;
}

std::string program(const Facts& facts) {
  return fmt::format("tokamark{}{}, methodology version {}", facts.version.empty() ? "" : " ",
                     facts.version, record::kMethodologyVersion);
}

}  // namespace

std::string data_digest(const record::StudyResult& result) {
  std::string text;
  for (const auto& trial : result.trials) {
    text += record::to_json(trial).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
  return base::sha256_hex(text);
}

std::string citation_bibtex(const record::StudyResult& result) {
  const Facts facts = facts_of(result);
  std::string text =
      fmt::format("@misc{{tokamark-{}-{},\n  title = {{{{{}}}}},\n", file_slug(study_name(result)),
                  facts.digest.substr(0, 8), latex_text(facts.title));
  if (!facts.day.empty())
    text += fmt::format("  year = {{{}}},\n", latex_text(facts.day.substr(0, 4)));
  text += "  howpublished = {Benchmark results},\n";
  text += fmt::format("  note = {{{}Measured with {}{}; data SHA-256 {}}}\n}}\n",
                      result.simulated ? "SIMULATED, not measured on hardware. " : "",
                      latex_text(program(facts)),
                      facts.day.empty() ? "" : " on " + latex_text(facts.day), facts.digest);
  return text;
}

std::string citation_text(const record::StudyResult& result) {
  const Facts facts = facts_of(result);
  return fmt::format("{}. Benchmark results{}, {}. Data SHA-256 {}.", plain_line(facts.title),
                     facts.day.empty() ? "" : ", " + plain_line(facts.day),
                     plain_line(program(facts)), facts.digest);
}

}  // namespace tokamark::report
