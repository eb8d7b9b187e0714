#!/usr/bin/env python3
"""Runs benchmark clients one after another against a server whose token times are known.

Each client gets a fresh server and the same load. Writes rivals.json and its table: what each
client reported beside what was true, and what it cost. A client that is not installed is a row
that says so. bench/rivals/README.md explains the columns.
"""

import argparse
import dataclasses
import json
import os
import platform
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from rivals import cases, clients, engine, figures, processes, table  # noqa: E402


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
    row = {name: {"reported": reported[name], "true": true[name]} for name in
           ("ttft_ms", "itl_ms", "tpot_ms", "tokens")}
    row["in_flight"] = {"asked": context.load.streams, "most": figures.most_in_flight(truths),
                        "mean": sum(min(t.emissions_ns[-1], last) - max(t.arrival_ns, first)
                                    for t in alive) / max(1, last - first)}
    row["requests"] = true["requests"]
    row["failures"] = reported["failures"]
    row["cpu_s"] = cost["cpu_s"]
    row["tokens_sent"] = sum(t.tokens for t in truths)
    row["cpu_s_per_1000_tokens"] = 1e3 * row["cpu_s"] / row["tokens_sent"]
    row["peak_rss_bytes"] = cost["peak_rss_bytes"]
    row["startup_s"] = (truths[0].arrival_ns - cost["start_ns"]) / 1e9
    row["version"] = reported["version"]
    for extra in ("ttft_wire_ms", "verdict", "codes"):
        if extra in reported:
            row[extra] = reported[extra]
    return row


def play(name, options, load, folder):
    """One run of a client: its row."""
    folder.mkdir(parents=True)
    truth_file = folder / "truth.jsonl"
    client_cpus, server_cpus = cores(options.client_cores)
    with engine.start(options.tokamark, load, truth_file, server_cpus) as server:
        context = clients.Context(load, server, folder, options.tokamark,
                                  options.tokenizer, options.vllm_bench)
        command = clients.ALL[name].command(context)
        cost = processes.run(command, context.log, options.timeout_s,
                             {"HF_HUB_DISABLE_TELEMETRY": "1"}, client_cpus)
    if cost["status"] == -signal.SIGKILL:
        raise RuntimeError(f"had not ended after {options.timeout_s:g} s")
    row = {"exit_status": cost["status"], **compare(context, cost, engine.read_truth(truth_file))}
    if not options.keep:
        truth_file.unlink()
    return row


def net_cpu(row, short):
    """CPU per 1,000 tokens without what does not grow with the load, from two lengths of it; None
    where the two differ by less than a quarter."""
    tokens = row["tokens_sent"] - short["tokens_sent"]
    if tokens < 0.25 * row["tokens_sent"]:
        return None
    return 1e3 * (row["cpu_s"] - short["cpu_s"]) / tokens


def run_one(name, options, load, folder):
    row = {"client": name}
    try:
        row.update(play(name, options, load, folder / name))
        if options.net and load.measured() >= 2 * load.streams:
            short = dataclasses.replace(load, requests=load.streams)
            row["net_cpu_s_per_1000_tokens"] = net_cpu(
                row, play(name, options, short, folder / "short" / name))
    except clients.Missing as missing:
        row["skipped"] = str(missing)
    except Exception as error:  # one client's trouble must not end the others' runs
        row["skipped"] = f"failed: {error}"
        row["log"] = f"{folder}/{name}/client.log"
    return row


def cores(client_cores):
    """(of the client, of the server): the first and the last one, or None for all of them."""
    allowed = sorted(os.sched_getaffinity(0))
    if client_cores == "all" or len(allowed) < 2:
        return None, None
    return {allowed[0]}, {allowed[-1]}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--tokamark", default="build/dev/tokamark", help="the program")
    parser.add_argument("--clients", default=",".join(clients.ALL), help="comma-separated")
    parser.add_argument("--case", choices=cases.CASES, help="a load by name, for the flags below")
    parser.add_argument("--streams", type=int, default=100)
    parser.add_argument("--tokens", type=int, default=100)
    parser.add_argument("--ttft-ms", type=float, default=50)
    parser.add_argument("--itl-ms", type=float, default=50)
    parser.add_argument("--tokens-per-chunk", type=int, default=1)
    parser.add_argument("--bursts", type=int, default=0, help="groups of streams; 0 = none")
    parser.add_argument("--early-role", action="store_true", help="role event with the headers")
    parser.add_argument("--requests", type=int, default=0, help="0 = 3 for each stream")
    parser.add_argument("--cold", action="store_true", help="no warm-up wave")
    parser.add_argument("--repeats", type=int, default=1, help="rounds over all clients")
    parser.add_argument("--tokenizer", default="", help="folder of a tokenizer, for real rivals")
    parser.add_argument("--vllm-bench", default="", help="path of the Rust vllm-bench")
    parser.add_argument("--client-cores", choices=("one", "all"), default="one",
                        help="one: the client on the first core, the server on the last")
    parser.add_argument("--net", action="store_true",
                        help="play a short load too, for the CPU without start-up")
    parser.add_argument("--timeout-s", type=float, default=600)
    parser.add_argument("--keep", action="store_true", help="keep the truth files")
    parser.add_argument("--markdown", default="", help="write the table there (default: rivals.md)")
    parser.add_argument("--output", default="", help="folder (default: results/rivals-<time>)")
    options = parser.parse_args()
    unknown = set(options.clients.split(",")) - set(clients.ALL)
    if unknown:
        parser.error(f"--clients: {', '.join(sorted(unknown))}: no such client")
    try:
        processes.gnu_time()
    except RuntimeError as error:
        parser.error(str(error))
    options.tokamark = str(Path(options.tokamark).resolve())
    options.output = Path(options.output or
                          time.strftime("results/rivals-%Y%m%dT%H%M%SZ", time.gmtime())).resolve()
    return options


def write(result, options):
    (options.output / "rivals.json").write_text(json.dumps(result, indent=1) + "\n",
                                                encoding="utf-8")
    Path(options.markdown or options.output / "rivals.md").write_text(
        table.markdown([result]), encoding="utf-8")


def main():
    options = arguments()
    load = engine.Load(options.streams, options.tokens, options.ttft_ms, options.itl_ms,
                       options.tokens_per_chunk, options.bursts, options.requests,
                       not options.cold, options.early_role)
    if options.case:
        load = cases.CASES[options.case]
    result = {"load": dataclasses.asdict(load), "client_cores": options.client_cores,
              "cpus": os.cpu_count(), "kernel": platform.release(),
              "load_average": os.getloadavg(), "rows": []}
    for repeat in range(1, options.repeats + 1):
        for name in options.clients.split(","):
            row = run_one(name, options, load, options.output / f"r{repeat}")
            result["rows"].append({"repeat": repeat, **row})
            print(table.client_line(name, [row], table.LONG), row.get("log", ""), flush=True)
            write(result, options)  # each time, so that a run cut short keeps what it has
    print(f"{options.output}/rivals.json")


if __name__ == "__main__":
    main()
