#!/usr/bin/env python3
"""Runs each program of bench/ for a moment and looks at the JSON. Asserts no timing.

    smoke_test.py --tokamark PROGRAM --floor PROGRAM --drain PROGRAM
"""

import argparse
import dataclasses
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from rivals import cases, clients, engine, figures, processes, run, table  # noqa: E402


MIB = 1 << 20


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


def check_scaling(tokamark):
    program = Path(__file__).resolve().parent / "scaling.py"
    line = json.loads(output_of([sys.executable, "-B", str(program), "--tokamark", tokamark,
                                 "--repeats", "1", "--cases", "base"]))
    assert line["tokens"] >= line["requests"] * 20, line
    assert 0 < line["load_us_per_event"]["median"] <= line["whole_us_per_event"]["median"], line


def check_rivals(tokamark):
    runner = Path(__file__).resolve().parent / "rivals" / "run.py"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "table.md"
        output_of([sys.executable, "-B", str(runner), "--tokamark", tokamark, "--clients",
                   "tokamark-uncalibrated,tokamark-io_uring,vllm-bench-rust",
                   "--streams", "10", "--tokens", "10", "--ttft-ms", "5", "--itl-ms", "2",
                   "--tokens-per-chunk", "4", "--early-role", "--requests", "400", "--net",
                   "--output", folder, "--markdown", str(file)])
        result = json.loads((Path(folder) / "rivals.json").read_text(encoding="utf-8"))
        text = file.read_text(encoding="utf-8")
    row, ring, absent = result["rows"]
    if not ring.get("skipped", "").startswith("io_uring: "):
        assert ring["tokens"]["reported"] == ring["tokens"]["true"] >= 4000, ring
    assert row["client"] == "tokamark-uncalibrated" and not row.get("skipped"), row
    # The role event comes 5 ms before the first token, and is none.
    assert row["ttft_ms"]["reported"]["mean"] >= 5, row
    assert row["tokens"]["reported"] == row["tokens"]["true"] >= 4000, row
    assert row["itl_ms"]["true"]["n"] == row["requests"] * 6, row  # events of 4, 4 and 2 tokens
    # Without counts by event there is no time per token event by event, only the mean.
    assert row["itl_ms"]["reported"]["mean"] is None, row
    assert row["tpot_ms"]["reported"]["mean"] > 0 and row["failures"] == 0, row
    assert row["net_cpu_s_per_1000_tokens"] > 0, row
    assert row["peak_rss_bytes"] > 4 * MIB, row
    assert absent["skipped"] == "no path given (--vllm-bench PATH)", absent
    said = "4 tokens an event, role event with the headers; client on one core"
    assert said in " ".join(text.split()), text
    assert "| vllm-bench-rust | skipped: no path given" in text, text


def wait_until_gone(pid):
    """A process that was killed takes a moment to end on a busy machine."""
    for _ in range(200):
        fields = processes.stat_fields(pid)
        if fields is None or fields[0] in "ZX":
            return
        time.sleep(0.05)
    raise AssertionError(fields)


def check_costs():
    """What processes.run() says of programs whose cost is known, from a harness of 64 MiB."""
    harness = b"x" * (64 * MIB)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        small = processes.run(["true"], log, 60)
        assert small["status"] == 0 and 0 < small["peak_rss_bytes"] < 16 * MIB, small
        # Memory that the program has for its last moment only, and its child after it.
        grow = f"x = b'x' * {100 * MIB}"
        large = processes.run([sys.executable, "-c", grow], log, 60)
        assert 100 * MIB <= large["peak_rss_bytes"] < 150 * MIB, large
        assert large["cpu_s"] > 0, large
        child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {grow!r}])"
        large = processes.run([sys.executable, "-c", child], log, 60)
        assert large["peak_rss_bytes"] >= 100 * MIB, large
        assert processes.run(["sh", "-c", "exit 3"], log, 60)["status"] == 3
        # A client that does not end is killed with its children.
        late = processes.run(["sh", "-c", "sleep 1000 & echo $!; sleep 1000"], log, 1)
        assert late["status"] == -9, late
        wait_until_gone(int(log.read_text(encoding="utf-8")))
    assert len(harness) == 64 * MIB


def check_arithmetic():
    # Three events of 1, 2 and 1 tokens: 6 ms for 2 tokens, then 4 ms for 1.
    assert figures.token_gaps_ms([0, 6_000_000, 6_000_000, 10_000_000]) == [3.0, 3.0, 4.0]
    truth = engine.Truth("r-1", 1_000_000, [3_000_000, 9_000_000, 9_000_000])
    seen = figures.of_truth([truth])
    assert (seen["ttft_ms"]["mean"], seen["itl_ms"]["mean"]) == (2.0, 3.0), seen
    assert (seen["tpot_ms"]["mean"], seen["tokens"]) == (3.0, 3), seen
    # Other clients' requests are the last that arrived; tokamark's are those it names, the newest.
    three = [engine.Truth(f"r-{n}", n, [n + 1]) for n in (7, 8, 9)]
    load = engine.Load(streams=1, tokens=1, ttft_ms=1, itl_ms=1, requests=2)
    report = clients.report(None, None, None, 0, "1")
    assert run.measured_truths(three, load, report) == three[1:]
    report["sequences"] = {8}
    assert run.measured_truths(three, load, report) == [three[1]]
    net = run.net_cpu({"cpu_s": 5, "tokens_sent": 3000}, {"cpu_s": 3, "tokens_sent": 1000})
    assert net == 1.0, net
    assert run.net_cpu({"cpu_s": 5, "tokens_sent": 3000}, {"cpu_s": 3, "tokens_sent": 2500}) is None
    rows = [{"x": {"reported": {"mean": value}, "true": {"mean": 1}}} for value in (1, 5, 2)]
    assert table.pair(rows, "x", "mean") == "2.00 (1.00–5.00) / 1.00"


def check_short_table():
    """A line for each client, out of the named loads; runs on all cores stay out."""
    def result(case, client, cores, ttft, **more):
        row = {"client": client, "ttft_ms": {"reported": {"mean": ttft}, "true": {"mean": 50}}}
        return {"load": dataclasses.asdict(cases.CASES[case]), "client_cores": cores,
                "rows": [{**row, **more}]}
    text = table.short([result("early-role", "uvloop", "one", 1),
                        result("early-role", "uvloop", "all", 2),
                        result("early-role", "tokamark", "one", 54, ttft_wire_ms={"mean": 51}),
                        result("early-role", "httpx", "one", 3, skipped="no"),
                        result("pace", "vllm", "one", 3, skipped="no"),
                        result("early-role", "vllm", "one", 4)])
    lines = text.splitlines()
    assert len(lines) == 6, text
    assert "| 51.00, from the schedule 54.00 / 50.00 |" in lines[2], text
    assert lines[3].startswith("| uvloop |") and "| 1.00 / 50.00 |" in lines[3], text
    assert lines[4].startswith("| httpx | skipped: no |"), text
    assert lines[5].startswith("| vllm | no | no | not run |"), text
    assert "| 4.00 / 50.00 |" in lines[5], text


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    for name in ("tokamark", "floor", "drain"):
        parser.add_argument(f"--{name}", required=True)
    arguments = parser.parse_args()
    check_arithmetic()
    check_short_table()
    check_costs()
    check_drain(arguments.drain)
    check_floor(arguments.floor, arguments.tokamark)
    check_scaling(arguments.tokamark)
    check_rivals(arguments.tokamark)
    print("the programs of bench/ run and report sane JSON")


if __name__ == "__main__":
    main()
