"""What tokamark asks of a model hub, through the huggingface_hub of an environment.

    hub_client.py inspect  MODEL REVISION CACHE [PATTERN...]
    hub_client.py download MODEL REVISION CACHE [PATTERN...]

An empty REVISION or CACHE is the client's own default. `inspect` prints one JSON object and
downloads nothing. `download` prints {"bytes": N} each second and {"path": DIR} at its end. Both
print {"error": KIND, "text": TEXT} and end with 0 when the hub says no. The token is the client's
own (HF_TOKEN, or its file); it is never printed.
"""
import json
import os
import re
import sys
import threading


def say(value):
    print(json.dumps(value), flush=True)


def fail(kind, text):
    say({"error": kind, "text": str(text)})
    sys.stdout.flush()
    os._exit(0)


os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
try:
    import huggingface_hub as hub
    from huggingface_hub import constants, utils
except ImportError as error:
    fail("no_client", error)

mode, model, revision, cache, *patterns = sys.argv[1:]
revision = revision or None
cache = cache or constants.HF_HUB_CACHE
patterns = patterns or None
blobs = os.path.join(cache, "models--" + model.replace("/", "--"), "blobs")


def status_of(error):
    return getattr(getattr(error, "response", None), "status_code", None)


def explain(error):
    """Says what went wrong in one of the words that tokamark knows, and ends."""
    text = " ".join(str(error).split())[:600]
    if isinstance(error, utils.GatedRepoError):
        fail("gated", text)
    if isinstance(error, utils.RepositoryNotFoundError):
        fail("unknown_model", text)
    if isinstance(error, utils.RevisionNotFoundError):
        fail("unknown_revision", text)
    if isinstance(error, utils.HFValidationError):
        fail("bad_name", text)
    fail("failed", f"{type(error).__name__}: {text}")


def token_kind():
    if not hub.get_token():
        return "none"
    try:
        who = hub.HfApi().whoami()
    except Exception as error:
        if status_of(error) == 401:
            return "invalid"
        raise
    return who.get("auth", {}).get("accessToken", {}).get("role") or "unknown"


def access_of(info):
    """Whether this token may read the files: "ok", "gated" or "unknown"."""
    if not info.gated:
        return "ok"
    try:
        hub.HfApi().auth_check(model)
    except utils.GatedRepoError:
        return "gated"
    except AttributeError:
        return "unknown"  # a client of before auth_check
    return "ok"


def inspect():
    facts = {"client": hub.__version__, "endpoint": constants.ENDPOINT, "cache": cache,
             "offline": bool(constants.HF_HUB_OFFLINE)}
    if facts["offline"]:
        say(facts)
        return
    facts["token"] = token_kind()
    if facts["token"] == "invalid":
        say(facts)
        return
    info = hub.HfApi().model_info(model, revision=revision, files_metadata=True)
    wanted = list(utils.filter_repo_objects(info.siblings or [], allow_patterns=patterns,
                                            key=lambda file: file.rfilename))
    facts.update(commit=info.sha, gated=bool(info.gated), access=access_of(info))
    facts["files"] = [
        {"name": file.rfilename, "bytes": file.size,
         "present": isinstance(hub.try_to_load_from_cache(
             model, file.rfilename, cache_dir=cache, revision=info.sha), str)}
        for file in wanted]
    say(facts)


def blob_sizes():
    try:
        return {entry.name: entry.stat().st_size for entry in os.scandir(blobs)}
    except OSError:
        return {}


def remove_own_pieces(before):
    """Newer clients write to files with a name of their own, which nobody can continue."""
    for name in blob_sizes():
        if name not in before and re.search(r"\.[0-9a-f]{8}\.incomplete$", name):
            os.unlink(os.path.join(blobs, name))


def download():
    before = blob_sizes()
    done = threading.Event()
    result = {}

    def work():
        try:
            result["path"] = hub.snapshot_download(
                model, revision=revision, cache_dir=cache, allow_patterns=patterns)
        except Exception as error:
            result["error"] = error
        done.set()

    threading.Thread(target=work, daemon=True).start()
    try:
        while not done.wait(1):
            say({"bytes": sum(blob_sizes().values()) - sum(before.values())})
    except (KeyboardInterrupt, BrokenPipeError):
        # Ctrl-C, or tokamark is gone. The client's own threads would go on to the end.
        remove_own_pieces(before)
        os._exit(130)
    if "error" in result:
        explain(result["error"])
    say({"bytes": sum(blob_sizes().values()) - sum(before.values())})
    say({"path": result["path"]})


try:
    inspect() if mode == "inspect" else download()
except Exception as error:
    explain(error)
