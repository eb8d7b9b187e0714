#!/usr/bin/env python3
"""Counts the instructions that one token event costs in the load generator's reader.

    hot_path.py [--program PROGRAM] [--table]

PROGRAM (build/dev/bench/tokamark_hot_path) reads one answer of N tokens without a socket. It runs
under valgrind's callgrind for two N; the difference of the counts, by the difference of the N, is
what one event costs in user space, from the bytes of a read to the record. Fails when that is more
than bench/hot_path_budget.json allows, and exits with 77 (skipped) where valgrind is missing.
Instructions, not seconds: the figure does not depend on what else the machine does, only on the
compiler and on the libraries. --table also prints where the instructions go, as Markdown.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUDGET = Path(__file__).resolve().parent / "hot_path_budget.json"
FEW, MANY = 1_000, 11_000
SKIPPED = 77

# Functions of the hot path, by layer: the first pattern found in "file:function [object]" names it.
LAYERS = [
    ("search and copy of bytes (libc, std::string)", r"__mem|basic_string<.*_M_(replace|append)"),
    ("JSON, finding its structure (simdjson, stage 1)", r"::stage1\("),
    ("JSON, strings (simdjson)", r"::parse_string\("),
    ("JSON, reading the fields (`stream_event.cc`, simdjson)", r"StreamEventParser|ondemand"),
    ("HTTP (`response_parser.cc`, Boost.Beast)", r"beast|ResponseParser"),
    ("server-sent events (`sse.cc`)", r"SseParser"),
    ("record (`stream_reader.cc`, `chunk_list.cc`)", r"StreamReader|tokamark::record"),
    ("the bench program itself", r"main\.cc|:main"),
]


def run_counted(program, events, out):
    """Instructions of a whole run; the profile is written to `out`."""
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", program,
         "--events", str(events)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or found is None or done.stdout.strip() != str(events):
        sys.exit(f"hot_path.py: {program} --events {events} failed under valgrind "
                 f"(status {done.returncode}):\n{done.stdout}{done.stderr[-2000:]}")
    return int(found.group(1))


def by_layer(profile):
    """Instructions of a profile, by layer."""
    text = subprocess.run(
        ["callgrind_annotate", "--threshold=100", "--show-percs=no", "--auto=no", profile],
        stdout=subprocess.PIPE, text=True, check=True).stdout
    sums = {}
    for count, where in re.findall(r"^ *([\d,]+) +(\S*:.+)$", text, re.MULTILINE):
        layer = next((name for name, pattern in LAYERS if re.search(pattern, where)),
                     "anything else")
        sums[layer] = sums.get(layer, 0) + int(count.replace(",", ""))
    return sums


def print_table(few, many, total):
    before, after = by_layer(few), by_layer(many)
    rows = {name: (after[name] - before.get(name, 0)) / (MANY - FEW) for name in after}
    print("| where | instructions a token event | share |\n| --- | --- | --- |")
    for name, count in sorted(rows.items(), key=lambda row: -row[1]):
        if count >= 0.5:
            print(f"| {name} | {count:,.0f} | {count / total:.0%} |")
    print(f"| **all** | **{total:,.0f}** | |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--program", default=ROOT / "build/dev/bench/tokamark_hot_path", type=Path)
    parser.add_argument("--unfit", help="why this build cannot be counted: skips, and says so")
    parser.add_argument("--table", action="store_true", help="print where the instructions go")
    arguments = parser.parse_args()
    if arguments.unfit or not shutil.which("valgrind"):
        print(f"skipped: {arguments.unfit or 'valgrind is not installed'}")
        sys.exit(SKIPPED)
    budget = json.loads(BUDGET.read_text(encoding="utf-8"))["instructions_per_event"]
    with tempfile.TemporaryDirectory() as folder:
        few, many = Path(folder) / "few", Path(folder) / "many"
        counts = [run_counted(arguments.program, n, out) for n, out in ((FEW, few), (MANY, many))]
        cost = (counts[1] - counts[0]) / (MANY - FEW)
        print(f"{cost:,.0f} instructions a token event, budget {budget:,}")
        if arguments.table:
            print_table(few, many, cost)
    if cost > budget:
        sys.exit(f"hot_path.py: over the budget of {BUDGET.name}; see where with --table "
                 "(docs/PERFORMANCE.md, \"Instructions per event\")")


if __name__ == "__main__":
    main()
