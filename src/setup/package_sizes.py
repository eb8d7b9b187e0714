"""How large the files are that an installer is about to download. Written by tokamark.

    package_sizes.py uv LOCK      LOCK is a pylock.toml of `uv pip compile`
    package_sizes.py pip REPORT   REPORT is what `pip install --dry-run --report` wrote

Prints one JSON list of {"name", "version", "bytes"}; bytes is null where nobody says it. Runs in
an environment that has pip, whose copies of `packaging` and `tomli` it borrows.
"""
import json
import os
import ssl
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor


def supported_tags():
    """{tag: rank} of this interpreter; the lowest rank is the wheel that installers prefer."""
    try:
        from packaging import tags
    except ImportError:
        from pip._vendor.packaging import tags
    return {str(tag): rank for rank, tag in enumerate(tags.sys_tags())}


def rank_of(wheel, ranks):
    name = wheel.get("name") or wheel.get("url", "").rsplit("/", 1)[-1]
    pythons, abis, platforms = name.removesuffix(".whl").split("-")[-3:]
    found = [ranks.get(f"{python}-{abi}-{platform}") for python in pythons.split(".")
             for abi in abis.split(".") for platform in platforms.split(".")]
    return min((rank for rank in found if rank is not None), default=None)


def from_uv(path):
    try:
        import tomllib
    except ImportError:
        from pip._vendor import tomli as tomllib
    with open(path, "rb") as file:
        packages = tomllib.load(file).get("packages", [])
    ranks = supported_tags()
    for package in packages:
        fitting = [(rank_of(wheel, ranks), place) for place, wheel in
                   enumerate(package.get("wheels", [])) if rank_of(wheel, ranks) is not None]
        file = package["wheels"][min(fitting)[1]] if fitting else package.get("sdist", {})
        yield package["name"], package.get("version", ""), file.get("url", ""), file.get("size")


def from_pip(path):
    with open(path, encoding="utf-8") as file:
        entries = json.load(file)["install"]
    for entry in entries:
        metadata = entry["metadata"]
        yield metadata["name"], metadata["version"], entry["download_info"]["url"], None


def asked_size(url):
    """The server's own word, or None."""
    if url.startswith("file:"):
        try:
            return os.stat(urllib.request.url2pathname(url[len("file://"):])).st_size
        except OSError:
            return None
    authorities = [os.environ.get(name) for name in
                   ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")]
    try:
        context = ssl.create_default_context(cafile=next(filter(None, authorities), None))
        request = urllib.request.Request(url, method="HEAD")
        with urllib.request.urlopen(request, timeout=20, context=context) as answer:
            length = answer.headers.get("Content-Length")
        return int(length) if length else None
    except (OSError, ValueError):
        return None


def main():
    tool, path = sys.argv[1:]
    found = list(from_uv(path) if tool == "uv" else from_pip(path))
    with ThreadPoolExecutor(8) as pool:
        sizes = list(pool.map(lambda item: asked_size(item[2]) if item[3] is None and item[2]
                              else item[3], found))
    print(json.dumps([{"name": name, "version": version, "bytes": size}
                      for (name, version, _, _), size in zip(found, sizes)]))


main()
