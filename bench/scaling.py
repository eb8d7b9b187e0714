#!/usr/bin/env python3
"""CPU per event of `tokamark bench` as the load grows: 10 times the requests, 10 times the streams,
100 times the tokens. A linear program has the same figure in every line.

The figure is CPU seconds of the whole program, start-up and report included, over the tokens that
the server sent; `load_us` counts the load threads alone, from results.json. Prints JSON lines.
"""

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from rivals import clients, engine, processes  # noqa: E402

BASE = {"streams": 10, "requests": 100, "tokens": 20}
CASES = {
    "base": {},
    "10x requests": {"requests": 1000},
    "10x streams": {"streams": 100, "requests": 1000},
    "100x tokens": {"tokens": 2000, "requests": 10},
}


def measure(tokamark, load, folder):
    truth_file = folder / "truth.jsonl"
    with engine.start(tokamark, load, truth_file) as server:
        context = clients.Context(load, server, folder, tokamark)
        command = clients.ALL["tokamark-uncalibrated"].command(context)
        cost = processes.run(command, context.log, 600)
    tokens = sum(t.tokens for t in engine.read_truth(truth_file))
    results = json.loads((folder / "results" / "results.json").read_text(encoding="utf-8"))
    load_cpu_s = results["trials"][0]["client"]["cpu_s"]
    return {"tokens": tokens, "whole_us": 1e6 * cost["cpu_s"] / tokens,
            "load_us": 1e6 * load_cpu_s / tokens}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--tokamark", default="build/dev/tokamark", help="the program")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--itl-ms", type=float, default=1)
    parser.add_argument("--ttft-ms", type=float, default=2)
    parser.add_argument("--cases", default=",".join(CASES), help="comma-separated")
    options = parser.parse_args()
    tokamark = str(Path(options.tokamark).resolve())
    for name in options.cases.split(","):
        shape = {**BASE, **CASES[name]}
        load = engine.Load(ttft_ms=options.ttft_ms, itl_ms=options.itl_ms, **shape)
        runs = []
        for _ in range(options.repeats):
            with tempfile.TemporaryDirectory() as folder:
                runs.append(measure(tokamark, load, Path(folder)))
        line = {"case": name, **shape, "repeats": len(runs), "tokens": runs[-1]["tokens"]}
        for figure in ("load_us", "whole_us"):
            values = [run[figure] for run in runs]
            line[figure + "_per_event"] = {"median": round(statistics.median(values), 3),
                                           "min": round(min(values), 3),
                                           "max": round(max(values), 3)}
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
