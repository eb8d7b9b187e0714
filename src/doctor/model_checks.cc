#include "doctor/model_checks.h"

#include <fmt/core.h>

namespace tokamark::doctor {

namespace {

using Status = CheckStatus;

constexpr double kGiB = 1024.0 * 1024.0 * 1024.0;
/// Tokenizer and other files of a repository, and the part that a download holds twice.
constexpr double kBesideWeights_bytes = 1.0 * kGiB;
/// A trial of some thousand requests takes a few MiB; the logs of engines come on top.
constexpr std::int64_t kResults_bytes = std::int64_t{1} << 30;

Check files(const ModelCase& model) {
  const ModelFacts& facts = model.facts;
  Check check{model.prefix + ".files", Status::ok};
  if (!facts.held.empty()) {
    check.found = fmt::format("{}, {}", facts.held.string(),
                              size_text(static_cast<double>(facts.weight_bytes)));
    return check;
  }
  check.status = Status::error;
  if (facts.form == ModelFacts::Form::path) {
    check.found = facts.lacks.empty() ? facts.location + " does not exist"
                                      : fmt::format("{} lacks {}", facts.location, facts.lacks);
    check.wanted = "the model's files, for " + model.engines;
    check.fix = "correct `model` in the study, or download the files";
    return check;
  }
  check.found = fmt::format("{} is not in {}", facts.location, facts.cache.string());
  if (!facts.lacks.empty()) {
    check.found = fmt::format("{} in {} is unfinished: it lacks {}", facts.location,
                              facts.cache.string(), facts.lacks);
  }
  const std::string revision = facts.revision.empty() ? "" : " --revision " + facts.revision;
  check.wanted = fmt::format("its files there, for {}{}", model.engines,
                             model.size ? " (" + size_text(model.size->bytes) + ")" : "");
  check.fix = fmt::format("tokamark fetch {}{}", facts.location, revision);
  if (facts.offline) {
    check.found += ", and HF_HUB_OFFLINE forbids the download";
    check.fix += ", with HF_HUB_OFFLINE unset";
    return check;
  }
  check.status = Status::warning;
  check.wanted += ": else the first engine downloads them during its start";
  return check;
}

Check access(const ModelCase& model) {
  const ModelFacts& facts = model.facts;
  const HubAnswer& hub = *facts.hub;
  const std::string token =
      facts.token_from.empty() ? "without a token" : "with the token of " + facts.token_from;
  Check check{model.prefix + ".access", Status::error};
  if (hub.status == 0) {
    check.found = "the hub does not answer: " + hub.problem;
    check.wanted = "a way to the hub, as the model is not here";
    check.fix =
        "allow the connection (HTTPS_PROXY, HF_ENDPOINT), or bring the files by other means";
    return check;
  }
  check.found = fmt::format("the hub answers HTTP {} {}", hub.status, token);
  if (hub.status < 400) {
    check.status = Status::ok;
  } else if (hub.status == 401 || hub.status == 403) {
    check.wanted = "a token that may read " + facts.location;
    check.fix = "accept the model's licence on its page, make a token there, and export HF_TOKEN";
  } else if (hub.status == 404) {
    check.wanted = fmt::format("{}, revision {}", facts.location,
                               facts.revision.empty() ? "main" : facts.revision);
    check.fix = "correct `model` in the study (a private model needs HF_TOKEN)";
  } else {
    check.status = Status::warning;
    check.wanted = "HTTP 200";
    check.fix = "try again later";
  }
  return check;
}

std::optional<Check> disk(const ModelCase& model) {
  if (!model.facts.free_bytes || !model.size) return std::nullopt;
  const auto free = static_cast<double>(*model.facts.free_bytes);
  const double wanted = model.size->bytes + kBesideWeights_bytes;
  Check check{model.prefix + ".disk", Status::ok,
              fmt::format("{} free for {}", size_text(free), model.facts.cache.string())};
  if (free >= wanted) return check;
  check.status = Status::error;
  check.wanted = fmt::format("{}: {}, and 1 GiB for the rest", size_text(wanted), model.size->sum);
  check.fix = "free space, or set HF_HUB_CACHE to a folder of a larger volume";
  return check;
}

/// What is downloaded to a container's own disk is gone with it.
Check volume(const ModelCase& model) {
  const ModelFacts& facts = model.facts;
  Check check{model.prefix + ".volume", Status::ok,
              facts.cache.string() + " lies on a disk that stays"};
  if (facts.ephemeral.empty()) return check;
  check.found = fmt::format("{} lies on {}, which is gone with the container", facts.cache.string(),
                            facts.ephemeral);
  check.status = facts.volume.empty() ? Status::warning : Status::error;
  check.wanted = "a disk that stays";
  check.fix = facts.volume.empty()
                  ? "mount a volume and set HF_HOME to a folder of it, or download again each time"
                  : fmt::format("set HF_HOME={}/huggingface", facts.volume);
  return check;
}

}  // namespace

std::vector<Check> check_model(const ModelCase& model) {
  std::vector<Check> checks{files(model)};
  if (model.facts.form == ModelFacts::Form::path || !model.facts.held.empty() ||
      model.facts.offline) {
    return checks;
  }
  if (model.facts.hub) checks.push_back(access(model));
  if (auto check = disk(model)) checks.push_back(std::move(*check));
  checks.push_back(volume(model));
  return checks;
}

Check check_results_disk(std::optional<std::int64_t> free_bytes) {
  if (!free_bytes) return {"disk.results", Status::skipped, "not told"};
  Check check{"disk.results", Status::ok, size_text(static_cast<double>(*free_bytes)) + " free"};
  if (*free_bytes >= kResults_bytes) return check;
  check.status = Status::warning;
  check.wanted = "1 GiB for records and logs";
  check.fix = "free space, or give --output on another disk";
  return check;
}

}  // namespace tokamark::doctor
