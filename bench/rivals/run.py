#!/usr/bin/env python3
"""Runs benchmark clients one after another against a server whose token times are known.

Each client gets a fresh server and the same load. Writes rivals.json and rivals.md: what each
client reported beside what was true, and what it cost. A client that is not installed is a row
that says so. bench/rivals/README.md explains the columns.
"""

import argparse
import dataclasses
import json
import os
import platform
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from rivals import clients, engine, figures, processes  # noqa: E402


def measured_truths(truths, load, reported):
    """The server's records of the requests that the client's numbers are about."""
    if reported["sequences"] is None:
        return truths[-load.measured():]
    newest = {}
    for truth in truths:  # probes have the same names as the first requests, and come before them
        newest[truth.request_id.rsplit("-", 1)[-1]] = truth
    chosen = [newest[str(n)] for n in reported["sequences"] if str(n) in newest]
    return sorted(chosen, key=lambda truth: truth.arrival_ns)


def compare(context, cost, truths):
    reported = clients.ALL[context.folder.name].read(context)
    chosen = measured_truths(truths, context.load, reported)
    if not chosen:
        raise RuntimeError("the server saw none of its requests")
    true = figures.of_truth(chosen)
    first, last = chosen[0].arrival_ns, chosen[-1].arrival_ns
    alive = [t for t in truths if t.emissions_ns[-1] >= first and t.arrival_ns <= last]
    all_tokens = sum(t.tokens for t in truths)
    row = {name: {"reported": reported[name], "true": true[name]} for name in
           ("ttft_ms", "itl_ms")}
    row["tokens"] = {"reported": reported["tokens"], "true": true["tokens"]}
    row["in_flight"] = {"asked": context.load.streams, "most": figures.most_in_flight(truths),
                        "mean": sum(min(t.emissions_ns[-1], last) - max(t.arrival_ns, first)
                                    for t in alive) / max(1, last - first)}
    row["requests"] = true["requests"]
    row["failures"] = reported["failures"]
    row["cpu_s_per_1000_tokens"] = 1e3 * cost["cpu_s"] / all_tokens
    row["peak_rss_bytes"] = cost["peak_rss_bytes"]
    row["startup_s"] = (truths[0].arrival_ns - cost["start_ns"]) / 1e9
    row["version"] = reported["version"]
    for extra in ("verdict", "codes"):
        if extra in reported:
            row[extra] = reported[extra]
    return row


def run_one(name, options, load, folder):
    folder.mkdir(parents=True)
    truth_file = folder / "truth.jsonl"
    row = {"client": name}
    try:
        with engine.start(options.tokamark, load, truth_file) as server:
            context = clients.Context(load, server, folder, options.tokamark,
                                      options.tokenizer, options.rust_vllm_bench)
            command = clients.ALL[name].command(context)
            cost = processes.run(command, context.log, options.timeout_s,
                                 {"HF_HUB_DISABLE_TELEMETRY": "1"})
        row.update(server=server.kind, exit_status=cost["status"])
        row.update(compare(context, cost,
                           engine.read_truth(truth_file, load.tokens_per_chunk)))
    except clients.Missing as missing:
        row["skipped"] = str(missing)
    except Exception as error:  # one client's trouble must not end the others' runs
        row["skipped"] = f"failed: {type(error).__name__}: {error} (see {folder}/client.log)"
    if not options.keep:
        truth_file.unlink(missing_ok=True)
    return row


def pair(row, name, figure):
    texts = []
    for side in ("reported", "true"):
        value = (row[name][side] or {}).get(figure)
        texts.append("–" if value is None else f"{value:.2f}")
    return " / ".join(texts)


def table_line(row):
    name = row["client"]
    if "skipped" in row:
        return f"| {name} | skipped: {row['skipped']} |" + " |" * 10
    cells = [name, str(row["version"]), pair(row, "ttft_ms", "mean"), pair(row, "ttft_ms", "p99"),
             pair(row, "itl_ms", "mean"), pair(row, "itl_ms", "p99"),
             f"{row['tokens']['reported']} / {row['tokens']['true']}",
             f"{row['in_flight']['asked']} / {row['in_flight']['mean']:.0f}",
             f"{row['cpu_s_per_1000_tokens']:.4f}", f"{row['peak_rss_bytes'] / 1e6:.0f}",
             f"{row['startup_s']:.2f}", str(row["failures"])]
    return "| " + " | ".join(cells) + " |"


HEADINGS = ("client", "version", "TTFT mean ms", "TTFT p99 ms", "ITL mean ms", "ITL p99 ms",
            "tokens", "in flight asked / held", "CPU s per 1,000 tokens", "peak RSS MB",
            "start-up s", "failures")


def markdown(result):
    load = ", ".join(f"{key} {value}" for key, value in result["load"].items())
    lines = [f"Load: {load}. Server: {result['server']}. {result['cpus']} CPUs, load average "
             f"{result['load_average'][0]:.1f} before. Pairs are reported / true.", "",
             "| " + " | ".join(HEADINGS) + " |", "|" + " --- |" * len(HEADINGS)]
    return "\n".join(lines + [table_line(row) for row in result["rows"]]) + "\n"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--tokamark", default="build/dev/tokamark", help="the program")
    parser.add_argument("--clients", default=",".join(clients.ALL), help="comma-separated")
    parser.add_argument("--streams", type=int, default=100)
    parser.add_argument("--tokens", type=int, default=100)
    parser.add_argument("--ttft-ms", type=float, default=50)
    parser.add_argument("--itl-ms", type=float, default=50)
    parser.add_argument("--tokens-per-chunk", type=int, default=1)
    parser.add_argument("--bursts", type=int, default=0, help="groups of streams; 0 = none")
    parser.add_argument("--requests", type=int, default=0, help="0 = 3 for each stream")
    parser.add_argument("--cold", action="store_true", help="no warm-up wave")
    parser.add_argument("--repeats", type=int, default=1, help="rounds over all clients")
    parser.add_argument("--tokenizer", default="", help="folder of a tokenizer, for real rivals")
    parser.add_argument("--rust-vllm-bench", default="", help="path of the Rust vllm-bench")
    parser.add_argument("--timeout-s", type=float, default=600)
    parser.add_argument("--keep", action="store_true", help="keep the truth files")
    parser.add_argument("--output", default="", help="folder (default: results/rivals-<time>)")
    options = parser.parse_args()
    unknown = set(options.clients.split(",")) - set(clients.ALL)
    if unknown:
        parser.error(f"--clients: {', '.join(sorted(unknown))}: no such client")
    options.tokamark = str(Path(options.tokamark).resolve())
    options.output = Path(options.output or
                          time.strftime("results/rivals-%Y%m%dT%H%M%SZ", time.gmtime())).resolve()
    return options


def main():
    options = arguments()
    load = engine.Load(options.streams, options.tokens, options.ttft_ms, options.itl_ms,
                       options.tokens_per_chunk, options.bursts, options.requests,
                       not options.cold)
    kind = "null-engine" if engine.has_null_engine(options.tokamark) else "sim"
    result = {"load": dataclasses.asdict(load), "server": kind, "cpus": os.cpu_count(),
              "kernel": platform.release(), "load_average": os.getloadavg(), "rows": []}
    for repeat in range(1, options.repeats + 1):
        for name in options.clients.split(","):
            row = run_one(name, options, load, options.output / f"r{repeat}" / name)
            result["rows"].append({"repeat": repeat, **row})
            print(table_line(row), flush=True)
    (options.output / "rivals.json").write_text(json.dumps(result, indent=1) + "\n",
                                                encoding="utf-8")
    (options.output / "rivals.md").write_text(markdown(result), encoding="utf-8")
    print(f"{options.output}/rivals.md")


if __name__ == "__main__":
    main()
