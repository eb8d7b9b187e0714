#include "setup/hub_facts.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "setup/disk_space.h"

namespace tokamark::setup {

namespace {

using base::Error;
using base::ErrorKind;
using nlohmann::json;

/// Besides the files themselves: the client's own records, and room for the engine's logs.
constexpr std::uint64_t kMargin = std::uint64_t{1} << 30;

std::string text_at(const json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_string() ? at->get<std::string>() : "";
}

bool true_at(const json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_boolean() && at->get<bool>();
}

void count_file(const json& file, HubFacts& facts) {
  if (!file.is_object()) return;
  const auto size = file.find("bytes");
  const bool known = size != file.end() && size->is_number_unsigned();
  const std::uint64_t bytes = known ? size->get<std::uint64_t>() : 0;
  ++facts.files;
  facts.bytes += bytes;
  if (true_at(file, "present")) return;
  ++facts.missing_files;
  facts.missing_bytes += bytes;
  if (!known) ++facts.unknown;
}

std::string page_of(const ModelRequest& request, std::string_view endpoint) {
  return fmt::format("{}/{}", endpoint, request.model);
}

/// About the user's own files and rights; the place is the model.
Error refusal(const ModelRequest& request, std::string_view what) {
  return {ErrorKind::study, fmt::format("model {}: {}", request.model, what)};
}

base::Result<void> refuse_token(const HubFacts& facts, const ModelRequest& request) {
  const std::string advice = fmt::format(
      "make a classic token of type READ at {}/settings/tokens and put it into HF_TOKEN",
      facts.endpoint);
  if (facts.token == "invalid") {
    return refusal(
        request, "the hub does not know the token that is set here; " + advice + ", or remove it");
  }
  if (!facts.gated) return base::ok();
  if (facts.token == "none") {
    return refusal(request, fmt::format("it is gated, and no token is set; accept its licence at "
                                        "{}, then {}",
                                        page_of(request, facts.endpoint), advice));
  }
  if (facts.token == "fineGrained") {
    return refusal(request,
                   "it is gated, and the token is a fine-grained one, which fails on "
                   "gated models; " +
                       advice);
  }
  if (facts.access == "gated") {
    return refusal(request, fmt::format("its licence was not accepted by the owner of the token; "
                                        "open {}, accept it, and wait until access is granted",
                                        page_of(request, facts.endpoint)));
  }
  return base::ok();
}

base::Result<void> refuse_disk(const HubFacts& facts, const ModelRequest& request,
                               const CacheDisk& disk, Ephemeral ephemeral) {
  const bool lost = disk.mount && is_ephemeral(*disk.mount);
  if (lost && !disk.volumes.empty() && ephemeral == Ephemeral::refused) {
    return refusal(request,
                   fmt::format("the cache {} lies on the container's own disk ({} at {}) and would "
                               "be lost with it; use --cache {}/huggingface/hub (or HF_HOME={}"
                               "/huggingface for the engine too), or say --ephemeral",
                               facts.cache, disk.mount->type, disk.mount->point,
                               disk.volumes.front().point, disk.volumes.front().point));
  }
  const std::uint64_t needed = facts.missing_bytes + kMargin;
  if (!disk.free_bytes || *disk.free_bytes >= needed) return base::ok();
  return Error{ErrorKind::output,
               fmt::format("model {}: too little space in the cache {}: {} are missing and {} of "
                           "reserve are kept, {} are free; make room, or choose another disk with "
                           "--cache",
                           request.model, facts.cache, size_text(facts.missing_bytes),
                           size_text(kMargin), size_text(*disk.free_bytes))};
}

}  // namespace

base::Error hub_error(std::string_view kind, std::string_view text, const ModelRequest& request,
                      std::string_view endpoint) {
  if (kind == "no_client") {
    return {ErrorKind::engine,
            "this environment has no huggingface_hub; install it with `DIR/bin/pip install "
            "huggingface_hub`, or name another environment with --venv"};
  }
  if (kind == "gated") {
    return refusal(request,
                   fmt::format("access is not granted to this token; accept the licence at {}",
                               page_of(request, endpoint)));
  }
  if (kind == "unknown_model") {
    return refusal(request,
                   "the hub does not know it, or it is private and not of this token; "
                   "correct the name, which is OWNER/NAME");
  }
  if (kind == "unknown_revision") {
    return refusal(request,
                   fmt::format("it has no revision \"{}\"; correct --revision", request.revision));
  }
  if (kind == "bad_name") return refusal(request, "no name of a model: " + std::string(text));
  return {ErrorKind::engine, fmt::format("model {}: the hub cannot be asked: {}", request.model,
                                         base::one_line(text))};
}

base::Result<HubFacts> read_hub_facts(std::string_view text, const ModelRequest& request) {
  const json answer = base::json_depth(text) <= base::kMaxJsonDepth
                          ? json::parse(text, nullptr, false)
                          : json(json::value_t::discarded);
  if (!answer.is_object()) {
    return hub_error("failed", "its client printed: " + std::string(text.substr(0, 300)), request,
                     "");
  }
  HubFacts facts;
  facts.client = text_at(answer, "client");
  facts.endpoint = text_at(answer, "endpoint");
  if (const std::string kind = text_at(answer, "error"); !kind.empty()) {
    return hub_error(kind, text_at(answer, "text"), request, facts.endpoint);
  }
  facts.cache = text_at(answer, "cache");
  facts.offline = true_at(answer, "offline");
  facts.token = text_at(answer, "token");
  facts.commit = text_at(answer, "commit");
  facts.gated = true_at(answer, "gated");
  facts.access = text_at(answer, "access");
  if (const auto files = answer.find("files"); files != answer.end() && files->is_array()) {
    for (const json& file : *files) count_file(file, facts);
  }
  return facts;
}

base::Result<void> refuse_fetch(const HubFacts& facts, const ModelRequest& request,
                                const CacheDisk& disk, Ephemeral ephemeral) {
  if (facts.offline) {
    return refusal(request, "HF_HUB_OFFLINE is set, so the hub is not asked; unset it to download");
  }
  TOKAMARK_TRY_VOID(refuse_token(facts, request));
  if (facts.files == 0) {
    return refusal(request, request.patterns.empty() ? "it has no files"
                                                     : "none of its files match --include");
  }
  if (facts.missing_files == 0) return base::ok();
  return refuse_disk(facts, request, disk, ephemeral);
}

}  // namespace tokamark::setup
