#include "setup/container_image.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/program.h"
#include "base/text.h"
#include "engine/launch_line.h"
#include "setup/disk_space.h"

namespace tokamark::setup {

namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;
using nlohmann::json;

/// A packed layer is kept until it is unpacked to about twice its size.
constexpr std::uint64_t kSpaceFactor = 3;

json parse(std::string_view text) {
  if (base::json_depth(text) > base::kMaxJsonDepth) return json(json::value_t::discarded);
  return json::parse(text, nullptr, false);
}

std::string text_at(const json& object, const char* key) {
  const auto at = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && at != object.end() && at->is_string() ? at->get<std::string>() : "";
}

std::string architecture_here() {
  utsname names{};
  ::uname(&names);
  const std::string machine = names.machine;
  if (machine == "x86_64") return "amd64";
  return machine == "aarch64" ? "arm64" : machine;
}

base::Result<std::string> find_runtime(const std::string& wanted) {
  const std::vector<std::string> names =
      wanted.empty() ? std::vector<std::string>{"docker", "podman"} : std::vector{wanted};
  for (const std::string& name : names) {
    if (const auto found = engine::find_on_path(name)) return found->string();
  }
  return Error{ErrorKind::engine,
               fmt::format("{} is not on PATH; install Docker or Podman, or choose another with "
                           "--runtime",
                           wanted.empty() ? "neither docker nor podman" : wanted)};
}

/// What the runtime prints, or nothing when it fails.
std::optional<std::string> asked(std::vector<std::string> words) {
  base::ProgramCall call;
  call.argv = std::move(words);
  call.timeout = std::chrono::seconds(30);
  auto end = base::run_program(call);
  if (end.has_error() || end.value().exit_code != 0) return std::nullopt;
  std::string& text = end.value().output;
  text.erase(text.find_last_not_of(" \r\n") + 1);
  return text.empty() ? std::nullopt : std::optional(std::move(text));
}

std::optional<std::string> pinned_here(const std::string& runtime, const std::string& reference) {
  const auto digests =
      asked({runtime, "image", "inspect", "--format", "{{json .RepoDigests}}", reference});
  return digests ? pinned_reference(*digests, reference) : std::nullopt;
}

std::optional<std::uint64_t> size_of(const std::string& runtime, const std::string& reference) {
  const auto manifest = asked({runtime, "manifest", "inspect", reference});
  if (!manifest) return std::nullopt;
  const ManifestFacts facts = read_manifest(*manifest, architecture_here());
  if (facts.bytes || !facts.digest) return facts.bytes;
  const auto inner =
      asked({runtime, "manifest", "inspect", repository_of(reference) + "@" + *facts.digest});
  return inner ? read_manifest(*inner, architecture_here()).bytes : std::nullopt;
}

/// Where the runtime keeps images, or empty.
fs::path storage_of(const std::string& runtime) {
  const bool podman = fs::path(runtime).filename() == "podman";
  return asked(
             {runtime, "info", "--format", podman ? "{{.Store.GraphRoot}}" : "{{.DockerRootDir}}"})
      .value_or("");
}

base::Result<void> tell_size(const ImageOrder& order, const std::string& runtime,
                             Progress& progress) {
  const auto bytes = size_of(runtime, order.reference);
  const fs::path storage = storage_of(runtime);
  const auto free = storage.empty() ? std::nullopt : free_bytes(storage);
  progress.say(fmt::format(
      "{}: {} to download, less layers that are here, {}", order.reference,
      bytes ? size_text(*bytes) : "unknown size",
      free ? fmt::format("into {}, where {} are free", storage.string(), size_text(*free))
           : "by " + runtime));
  if (!bytes || storage.empty()) return base::ok();
  return check_space({storage, kSpaceFactor * *bytes,
                      "an estimate: layers, packed and unpacked to twice their size",
                      "make room, or move the runtime's storage to a larger disk"});
}

base::Result<void> keep(const ImageOrder& order, const std::string& pinned, Progress& progress) {
  TOKAMARK_TRY_VOID(base::make_folder(order.record.parent_path()));
  TOKAMARK_TRY_VOID(base::write_file_atomic(order.record, pinned + "\n"));
  progress.say(
      fmt::format("{} is here; pin it in the study with `image: {}`", order.reference, pinned));
  return base::ok();
}

}  // namespace

std::string repository_of(std::string_view reference) {
  const std::string_view name = reference.substr(0, reference.find('@'));
  const std::size_t slash = name.rfind('/');
  // A colon before the last slash is that of a registry's port.
  const std::size_t colon = name.find(':', slash == std::string_view::npos ? 0 : slash);
  return std::string(name.substr(0, colon));
}

std::optional<std::string> pinned_reference(std::string_view repo_digests,
                                            std::string_view reference) {
  const json list = parse(repo_digests);
  if (!list.is_array()) return std::nullopt;
  const std::string wanted = repository_of(reference);
  for (const json& item : list) {
    if (!item.is_string()) continue;
    const auto text = item.get<std::string>();
    // Docker Hub's own name is left out or written in front, by runtime.
    const std::string repository = repository_of(text);
    const bool same = repository == wanted || repository == "docker.io/" + wanted ||
                      repository == "docker.io/library/" + wanted || list.size() == 1;
    if (same && text.find("@sha256:") != std::string::npos) return text;
  }
  return std::nullopt;
}

ManifestFacts read_manifest(std::string_view text, std::string_view architecture) {
  const json manifest = parse(text);
  ManifestFacts facts;
  if (!manifest.is_object()) return facts;
  if (const auto layers = manifest.find("layers"); layers != manifest.end() && layers->is_array()) {
    std::uint64_t sum = 0;
    for (const json& layer : *layers) {
      const auto size = layer.is_object() ? layer.find("size") : layer.end();
      if (!layer.is_object() || size == layer.end() || !size->is_number_unsigned()) return facts;
      sum += size->get<std::uint64_t>();
    }
    facts.bytes = sum;
    return facts;
  }
  const auto list = manifest.find("manifests");
  if (list == manifest.end() || !list->is_array()) return facts;
  for (const json& entry : *list) {
    const auto platform = entry.is_object() ? entry.find("platform") : entry.end();
    if (!entry.is_object() || platform == entry.end()) continue;
    if (text_at(*platform, "os") == "linux" && text_at(*platform, "architecture") == architecture) {
      facts.digest = text_at(entry, "digest");
      return facts;
    }
  }
  return facts;
}

base::Result<void> pull_image(const ImageOrder& order, Progress& progress) {
  TOKAMARK_TRY(const std::string runtime, find_runtime(order.runtime));
  const bool by_digest = order.reference.find("@sha256:") != std::string::npos;
  if (by_digest && pinned_here(runtime, order.reference)) {
    progress.say(order.reference + " is here");
    return base::ok();
  }
  TOKAMARK_TRY_VOID(tell_size(order, runtime, progress));
  if (order.extent == Extent::look) {
    progress.say("nothing was pulled");
    return base::ok();
  }
  base::ProgramCall call;
  call.argv = {runtime, "pull", order.reference};
  TOKAMARK_TRY_VOID(progress.run_well("pull " + order.reference, std::move(call)));
  const auto pinned = pinned_here(runtime, order.reference);
  if (!pinned) {
    return Error{ErrorKind::engine,
                 fmt::format("{} was pulled, and {} names no digest of it; see `{} image inspect`",
                             order.reference, runtime, runtime)};
  }
  return keep(order, *pinned, progress);
}

}  // namespace tokamark::setup
