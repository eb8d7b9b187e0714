#!/usr/bin/env python3
"""One server, two methods: docs/CASE_STUDY.md.

Plays study.yaml on the simulated engine (about 8 minutes), or reads a results folder of it, and
prints for each load what the reference study's method reports (15 requests, output tokens over the
sum of latencies) beside what tokamark reports of the same server. Needs `zstd`.

    bench/case_study/replay.py --tokamark build/dev/tokamark [--results DIR]
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def records_of(trial_folder):
    """The trial's requests, in the order played."""
    path = trial_folder / "requests.jsonl.zst"
    text = subprocess.run(["zstd", "-dc", str(path)], check=True, capture_output=True).stdout
    return [json.loads(line) for line in text.splitlines()]


def summed_latency_rate(records, requests):
    """Output tokens of the first requests over the sum of their latencies, from their sends."""
    first = sorted(records, key=lambda r: r["sequence"])[:requests]
    tokens = sum(r["output_tokens"] for r in first)
    seconds = sum(r["last_token_ns"] - r["sent_ns"] for r in first) / 1e9
    return tokens / seconds


def row_of(results, folder, published, engine, level):
    """One line of the table: the load as it was called, and both methods' figures."""
    requests = published["requests_per_row"]
    # Fifteen requests never hold more than fifteen streams.
    played = min(level, requests)
    trials = {t["load"]["concurrency"]: t for t in results["trials"] if t["engine"] == engine}
    naive = summed_latency_rate(records_of(folder / "trials" / trials[played]["id"]), requests)
    measured = trials[level]["metrics"]["output_tokens_per_s"]
    said = [r["output_tokens_per_s"] for r in published["rows"]
            if r["engine"] == engine and r["concurrency"] == level]
    return (engine, level, said[0] if said else None, naive, played, measured,
            trials[level]["verdict"])


def table(rows):
    """Markdown, one line a row."""
    lines = ["| engine | \"concurrency\" | published tok/s | its method, tok/s | streams it holds |"
             " tokamark, output tok/s | trial |",
             "| --- | ---: | ---: | ---: | ---: | ---: | --- |"]
    for engine, level, said, naive, played, measured, verdict in rows:
        lines.append(f"| {engine} | {level} | {said if said else '-'} | {naive:.1f} | {played} |"
                     f" {measured:.0f} | {verdict} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokamark", default="build/dev/tokamark")
    parser.add_argument("--results", type=pathlib.Path, help="a results folder of study.yaml")
    arguments = parser.parse_args()
    published = json.loads((HERE / "published.json").read_text(encoding="utf-8"))
    folder = arguments.results
    if folder is None:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="case-study-")) / "results"
        done = subprocess.run([arguments.tokamark, "run", str(HERE / "study.yaml"), "--output",
                               str(folder)], stdout=sys.stderr, check=False)
        if done.returncode not in (0, 5):
            return done.returncode
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    print("SIMULATED: both methods look at the same simulated server.\n")
    print(table([row_of(results, folder, published, engine, level)
                 for engine in ("vllm", "sglang")
                 for level in published["concurrency_levels"]]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
