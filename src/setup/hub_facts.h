#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "setup/mounts.h"

namespace tokamark::setup {

/// A model as the user names it, and where its files go.
struct ModelRequest {
  std::string model;                  ///< hub id, as in "meta-llama/Llama-3.1-8B"
  std::string revision;               ///< branch, tag or commit; empty = the hub's default
  std::vector<std::string> patterns;  ///< keep only files that match one of them; empty = all
};

/// What a hub says of a model, before anything is downloaded.
struct HubFacts {
  std::string client;       ///< version of huggingface_hub
  std::string endpoint;     ///< the hub's URL
  std::string cache;        ///< folder of downloaded models
  bool offline = false;     ///< the client was told to ask nobody (HF_HUB_OFFLINE)
  std::string token;        ///< "none", "invalid", or its role: "read", "write", "fineGrained", ...
  std::string commit;       ///< that the revision stands for
  bool gated = false;       ///< needs an accepted licence
  std::string access;       ///< "ok", "gated" (not granted to this token), "unknown"
  std::uint64_t files = 0;  ///< that match
  std::uint64_t bytes = 0;  ///< of them, where the hub says it
  std::uint64_t missing_files = 0;  ///< not in the cache yet
  std::uint64_t missing_bytes = 0;  ///< of them, where the hub says it
  std::uint64_t unknown = 0;        ///< missing files whose size the hub does not say
};

/// Reads what `hub_client.py inspect` printed. Errors that the hub itself named become messages
/// about the request: `study` for the model, the revision or the licence, `engine` for a missing
/// client and for what cannot be reached.
base::Result<HubFacts> read_hub_facts(std::string_view json, const ModelRequest& request);

/// The error that an {"error": ..., "text": ...} line stands for.
base::Error hub_error(std::string_view kind, std::string_view text, const ModelRequest& request,
                      std::string_view endpoint);

/// What the disk of the cache is.
struct CacheDisk {
  std::optional<std::uint64_t> free_bytes;
  std::optional<Mount> mount;
  std::vector<Mount> volumes;  ///< others, which would outlive a container and have the room
};

/// Whether a cache on a disk that ends with the container is taken.
enum class Ephemeral { refused, allowed };

/// Every reason not to begin, the first of: offline mode; a bad token; a gated model with none, or
/// with a fine-grained one; a licence that was not accepted; no files; a cache that would be lost
/// while a lasting volume is there; too little space. Kinds: `study`, and `output` for the disk.
base::Result<void> refuse_fetch(const HubFacts& facts, const ModelRequest& request,
                                const CacheDisk& disk, Ephemeral ephemeral);

}  // namespace tokamark::setup
