#include "setup/hub.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "setup/disk_space.h"
#include "setup/embedded.h"

namespace tokamark::setup {

namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

base::ProgramCall client_call(const FetchOrder& order, const char* mode) {
  base::ProgramCall call;
  call.argv = {order.python.string(),
               "-c",
               std::string(hub_client_script()),
               mode,
               order.request.model,
               order.request.revision,
               order.cache.string()};
  call.argv.insert(call.argv.end(), order.request.patterns.begin(), order.request.patterns.end());
  call.env = order.env;
  return call;
}

/// The last line of the client's output that begins as JSON does; warnings come before it.
std::string last_json(const std::string& output) {
  std::string found;
  std::size_t start = 0;
  while (start < output.size()) {
    const std::size_t end = std::min(output.find('\n', start), output.size());
    if (output[start] == '{') found = output.substr(start, end - start);
    start = end + 1;
  }
  return found.empty() ? telling_line(output) : found;
}

base::Result<HubFacts> inspect(const FetchOrder& order, Progress& progress) {
  TOKAMARK_TRY(const auto output, progress.run_well("ask the hub for " + order.request.model,
                                                    client_call(order, "inspect"),
                                                    [](std::string_view) { return ""; }));
  return read_hub_facts(last_json(output), order.request);
}

base::Result<CacheDisk> look_at_disk(const HubFacts& facts) {
  CacheDisk disk;
  disk.free_bytes = free_bytes(facts.cache);
  TOKAMARK_TRY(const auto mounts, read_mounts());
  if (const Mount* mount = mount_of(mounts, facts.cache)) disk.mount = *mount;
  for (const Mount& volume : data_volumes(mounts)) {
    const auto free = free_bytes(volume.point);
    if (!free || *free >= facts.missing_bytes) disk.volumes.push_back(volume);
  }
  return disk;
}

void tell(const FetchOrder& order, const HubFacts& facts, const CacheDisk& disk,
          Progress& progress) {
  const std::string unknown =
      facts.unknown == 0 ? "" : fmt::format(" and {} files of unknown size", facts.unknown);
  progress.say(fmt::format(
      "{} at {}: {} files, {}; {} files to download, {}{}, into {}, where {} are free",
      order.request.model, facts.commit.substr(0, 12), facts.files, size_text(facts.bytes),
      facts.missing_files, size_text(facts.missing_bytes), unknown, facts.cache,
      disk.free_bytes ? size_text(*disk.free_bytes) : "unknown amounts"));
  if (facts.gated && facts.token == "write") {
    progress.say("note: the token may write; one of type READ is enough");
  }
  if (facts.missing_files > 0 && disk.mount && is_ephemeral(*disk.mount)) {
    progress.say(fmt::format("note: {} lies on a {} file system and is gone with the container",
                             facts.cache, disk.mount->type));
  }
}

/// {"bytes": N} as "1.2 GB of 109.0 GB".
std::string progress_text(std::string_view line, const HubFacts& facts) {
  const auto value = nlohmann::json::parse(line, nullptr, false);
  const auto bytes = value.is_object() ? value.find("bytes") : value.end();
  if (!value.is_object() || bytes == value.end() || !bytes->is_number()) return "";
  const auto got = std::max(std::int64_t{0}, bytes->get<std::int64_t>());
  return fmt::format("{} of {}", size_text(static_cast<std::uint64_t>(got)),
                     size_text(facts.missing_bytes));
}

base::Result<void> download(const FetchOrder& order, const HubFacts& facts, Progress& progress) {
  TOKAMARK_TRY(
      const auto output,
      progress.run_well("download " + order.request.model, client_call(order, "download"),
                        [&facts](std::string_view line) { return progress_text(line, facts); }));
  const auto answer = nlohmann::json::parse(last_json(output), nullptr, false);
  if (answer.is_object() && answer.contains("path")) {
    progress.say(fmt::format("{} is in {}", order.request.model, answer.value("path", "")));
    return base::ok();
  }
  const bool named = answer.is_object() && answer.contains("error");
  const std::string kind = named ? answer.value("error", "failed") : "failed";
  return hub_error(kind, named ? answer.value("text", "") : telling_line(output), order.request,
                   facts.endpoint)
      .with_context("the same command again keeps the files that are whole");
}

}  // namespace

base::Result<void> fetch_model(const FetchOrder& order, Progress& progress) {
  TOKAMARK_TRY(const HubFacts facts, inspect(order, progress));
  CacheDisk disk;
  if (!facts.offline) {
    TOKAMARK_TRY(disk, look_at_disk(facts));
  }
  const auto refused = refuse_fetch(facts, order.request, disk, order.ephemeral);
  // The sizes are worth a line where the disk is what is wrong.
  if (refused.has_value() || facts.files > 0) tell(order, facts, disk, progress);
  if (refused.has_error()) return refused.error();
  if (facts.missing_files == 0) {
    progress.say(order.request.model + " is here already; nothing to download");
    return base::ok();
  }
  if (order.extent == Extent::look) {
    progress.say("nothing was downloaded");
    return base::ok();
  }
  return download(order, facts, progress);
}

}  // namespace tokamark::setup
