#!/usr/bin/env python3
"""Runs each program of bench/ for a moment and looks at the JSON. Asserts no timing.

    smoke_test.py --tokamark PROGRAM --floor PROGRAM --drain PROGRAM
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from rivals import engine  # noqa: E402


def output_of(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=60, check=True)
    return done.stdout


def check_drain(program):
    result = json.loads(output_of([program, "--streams", "10", "--rounds", "3", "--repeats", "1"]))
    for client in ("tokamark", "tokamark_tls"):
        assert result["ratio_to_floor"][client]["median"] > 0, result
    assert result["cpu_us_per_event"]["floor"]["median"] > 0, result


def check_floor(program, tokamark):
    load = engine.Load(streams=10, tokens=10, ttft_ms=5, itl_ms=2)
    with tempfile.TemporaryDirectory() as folder:
        with engine.start(tokamark, load, Path(folder) / "truth.jsonl") as server:
            result = json.loads(output_of([program, "--port", str(server.port),
                                           "--model", server.model, "--streams", "10",
                                           "--tokens", "10", "--seconds", "0.5"]))
        truths = engine.read_truth(Path(folder) / "truth.jsonl")
    assert result["failed"] == 0 and result["responses"] >= 10, result
    assert result["events"] > 10 * result["responses"], result
    assert result["cpu_s"] > 0, result
    assert len(truths) == result["responses"], (len(truths), result)


def check_rivals(tokamark):
    run = Path(__file__).resolve().parent / "rivals" / "run.py"
    with tempfile.TemporaryDirectory() as folder:
        output_of([sys.executable, "-B", str(run), "--tokamark", tokamark, "--clients", "tokamark",
                   "--streams", "10", "--tokens", "10", "--ttft-ms", "5", "--itl-ms", "2",
                   "--requests", "30", "--output", folder])
        result = json.loads((Path(folder) / "rivals.json").read_text(encoding="utf-8"))
        assert (Path(folder) / "rivals.md").is_file()
    row = result["rows"][0]
    assert row["client"] == "tokamark" and not row.get("skipped"), row
    assert row["ttft_ms"]["reported"]["mean"] > 0 and row["ttft_ms"]["true"]["mean"] > 0, row
    assert row["failures"] == 0, row


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    for name in ("tokamark", "floor", "drain"):
        parser.add_argument(f"--{name}", required=True)
    arguments = parser.parse_args()
    check_drain(arguments.drain)
    check_floor(arguments.floor, arguments.tokamark)
    check_rivals(arguments.tokamark)
    print("the programs of bench/ run and report sane JSON")


if __name__ == "__main__":
    main()
