#!/usr/bin/env python3
"""How long `tokamark report` takes for many trials and requests.

    large_report.py --binary TOKAMARK FROM TO [--trials 100] [--requests 1000000]

Copies the first trial of the results folder FROM so often, with its records repeated, that TO
holds so many trials and requests, and times `tokamark report` on it. Needs zstd. The numbers in TO
mean nothing.
"""

import argparse
import json
import resource
import shutil
import subprocess
import time
from pathlib import Path


def zstd(arguments, data):
    return subprocess.run(["zstd", "-q", "-c", *arguments], input=data, capture_output=True,
                          check=True).stdout


def repeated(lines, wanted):
    """`wanted` records: the same ones again, each with a sequence of its own."""
    records = [json.loads(line) for line in lines]
    made = []
    for sequence in range(wanted):
        record = dict(records[sequence % len(records)])
        record["sequence"] = sequence
        made.append(json.dumps(record, separators=(",", ":")))
    return ("\n".join(made) + "\n").encode()


def build(source, target, trials, requests):
    plan = json.loads((source / "plan.json").read_text())
    first = plan["trial_ids"][0]
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for name in ("study.yaml", "study.json", "manifest.json"):
        shutil.copy(source / name, target / name)
    place = source / "trials" / first
    lines = zstd(["-d"], (place / "requests.jsonl.zst").read_bytes()).decode().splitlines()
    compressed = zstd([], repeated(lines, requests // trials))
    facts = json.loads((place / "facts.json").read_text())
    ids = []
    for number in range(1, trials + 1):
        facts["id"], facts["repeat"] = f"r{number}-{first.split('-', 1)[1]}", number
        ids.append(facts["id"])
        made = target / "trials" / facts["id"]
        shutil.copytree(place, made)
        (made / "facts.json").write_text(json.dumps(facts))
        (made / "requests.jsonl.zst").write_bytes(compressed)
    plan["trial_ids"] = ids
    (target / "plan.json").write_text(json.dumps(plan))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, metavar="FROM")
    parser.add_argument("target", type=Path, metavar="TO")
    parser.add_argument("--binary", required=True)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--requests", type=int, default=1_000_000)
    arguments = parser.parse_args()
    build(arguments.source, arguments.target, arguments.trials, arguments.requests)
    begun = time.monotonic()
    subprocess.run([arguments.binary, "report", str(arguments.target)], check=True,
                   stdout=subprocess.DEVNULL)
    elapsed_s = time.monotonic() - begun
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    sizes = {name: (arguments.target / name).stat().st_size
             for name in ("results.json", "report.html", "summary.md")}
    print(f"{arguments.trials} trials, {arguments.requests} requests: {elapsed_s:.1f} s, "
          f"at most {used.ru_maxrss // 1024} MiB; " +
          ", ".join(f"{name} {size} bytes" for name, size in sizes.items()))


if __name__ == "__main__":
    main()
